// A watcher within the process of the supervisor receives each change in the order in which it happens.
import { expect, test } from "bun:test";
import { join } from "node:path";
import type { Change } from "../../src/backend/backend.ts";
import type { ServiceReport } from "../../src/supervisor/control.ts";
import { type SupervisorLink, watchFrom } from "../../src/supervisor/link.ts";
import { binary, until } from "../harness.ts";
import { Place } from "./bs9.ts";

test("a listener is told of a start, a crash, a restart for health and a stop as they happen, and of nothing after that", async () => {
  const place = new Place();
  try {
    const child = Bun.spawn([binary(), join(import.meta.dir, "../fixtures/linked.ts")], {
      env: { ...place.env, BUN_BE_BUN: "1" },
      stdio: ["ignore", "pipe", "inherit"],
      timeout: 25_000,
      killSignal: "SIGKILL",
    });
    const said = await new Response(child.stdout).text();
    expect(await child.exited).toBe(0);
    expect(JSON.parse(said)).toEqual({
      started: ["web activating", "web active"],
      // The main process has ended, but its children have not.
      leaving: ["deactivating", "web null"],
      // The service is reported as activating twice: while it waits for its delay, and while its process is the launcher.
      crashed: ["web activating", "web activating", "web active"],
      recycled: ["web deactivating", "web null", "web activating", "web activating", "web active"],
      pids: 3,
      stopped: ["web deactivating", "web null", "web inactive"],
      bySocket: null,
      closed: [],
    });
  } finally {
    await place.down();
  }
}, 120_000);

test("a service that is started again during its launch is reported as active", async () => {
  const answers: ((told: ServiceReport[]) => void)[] = [];
  let hear: (change: Change) => void = () => {};
  const link: SupervisorLink = {
    ask: () => new Promise((done) => answers.push(done)),
    names: () => [],
    hear(onChange) {
      hear = onChange;
      return () => {};
    },
  };
  const told: (string | null)[] = [];
  const watch = watchFrom(link, ({ state }) => told.push(state));
  for (const answer of answers.splice(0)) answer([]);
  hear({ name: "web", state: "active", atMs: 0 });
  hear({ name: "web", state: "active", atMs: 1 });
  const [first, second] = answers.splice(0);
  const web: ServiceReport = {
    name: "web",
    state: "active",
    mainPid: process.pid,
    cgroup: null,
    restarts: 0,
    end: null,
    waits: null,
    wanted: true,
    derived: "",
  };
  // The earlier process was still the launcher and not yet the service when it was asked to end.
  first?.([{ ...web, state: "deactivating" }]);
  await Bun.sleep(0);
  second?.([web]);
  await until(() => told.includes("active"), { what: "it is told to be active" });
  expect(told).toEqual(["activating", "activating", "active"]);
  watch.close();
});
