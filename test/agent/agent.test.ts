// The loop of the agent continues after a turn that fails.
import { test } from "bun:test";
import { mkdirSync } from "node:fs";
import { startAgent } from "../../src/agent/agent.ts";
import { pathsOf } from "../../src/base/paths.ts";
import type { ModelEvent } from "../../src/status/events.ts";
import { until } from "../harness.ts";
import { Stage } from "./stage.ts";

test("the agent continues after a turn that failed, and after a reading of services between two turns that failed", async () => {
  const stage = new Stage();
  const paths = pathsOf({ BS9_HOME: stage.home });
  mkdirSync(paths.state, { recursive: true });
  const { registry, said } = stage;
  const outcomes = registry.outcomes.bind(registry);
  const fail = (why: string) => {
    registry.outcomes = () => {
      throw new Error(why);
    };
  };
  stage.up("web", ["sleep", "1000"]);
  fail("permission denied");
  const options = await stage.options();
  const agent = startAgent({ ...options, monotonicMs: () => performance.now(), paths, chores: async () => {} });
  const stop = new AbortController();
  try {
    await until(() => said.includes("cannot take a turn: permission denied"), { what: "the failed turn is told" });
    registry.outcomes = outcomes;
    const heard: ModelEvent[] = [];
    const reading = (async () => {
      for await (const event of agent.model.follow({ signal: stop.signal, paceMs: 3_600_000 })) heard.push(event);
    })();
    await until(() => heard.length > 0, { what: "the first snapshot" });
    fail("too many open files");
    stage.readings.set("web", { state: "failed" });
    stage.tell?.({ name: "web", state: null, atMs: stage.clock.nowMs });
    await until(() => said.some((sentence) => sentence.endsWith("too many open files")), { what: "the failed reading is told" });
    registry.outcomes = outcomes;
    const isTold = () => heard.some((event) => event.kind === "change" && event.observed.status.state === "failed");
    await until(isTold, { what: "the change is told" });
    stop.abort();
    await reading;
  } finally {
    stop.abort();
    await stage.end({ close: () => agent.stop() });
  }
});
