// How often a reader that follows the services reads logs and the trail to find why they are not well.
import { expect, test } from "bun:test";
import type { ExplainDeps } from "../../../src/lifecycle/reason/explain.ts";
import { Reasons } from "../../../src/lifecycle/reason/reasons.ts";
import type { ModelEvent } from "../../../src/status/events.ts";
import type { TrailRecord } from "../../../src/trail/record.ts";
import { until } from "../../harness.ts";
import { nowMs, service } from "../../monit/scene.ts";

const stoppedAt = new Date(nowMs - 60_000).toISOString();
const act = (name: string, what: string) =>
  ({ act: what, targets: [name], result: { failed: [] }, who: { user: "alice" }, at: stoppedAt }) as unknown as TrailRecord;

test("each state of a service is explained once, from the newest acts of the trail, and its age goes on", async () => {
  let reads = 0;
  let taken = 0;
  let searches = 0;
  let now = nowMs;
  const deps = {
    trail: {
      *newestFirst() {
        reads++;
        for (const record of [act("web", "stop"), act("web", "start"), act("web", "stop")]) {
          taken++;
          yield record;
        }
      },
    },
    registry: { readable: () => ({ specs: [] }) },
    backend: { async *logs() {} },
    home: "",
    now: () => now,
  } as unknown as ExplainDeps;
  const reasons = new Reasons(deps, () => searches++);
  const web = service("web", { state: "inactive", ready: false });
  const sample: ModelEvent = { kind: "sample", atMs: nowMs, figures: [], host: null };
  const hear = async (event: ModelEvent, services = [web, service("api")]) => reasons.hear(event, { services });
  await hear(sample);
  await until(() => searches === 1, { what: "the first search" });
  expect([...reasons.found]).toEqual([["web", "stopped by alice 1m ago"]]);
  now += 60_000;
  for (let i = 0; i < 5; i++) await hear(sample);
  expect([reads, taken]).toEqual([1, 1]);
  expect(reasons.explained(web).status.reason).toBe("stopped by alice 2m ago");
  await hear({ kind: "change", atMs: nowMs, observed: web, passed: [] });
  await until(() => searches === 2, { what: "the second search" });
  expect(reads).toBe(2);
  await hear(sample, [service("web")]);
  expect(reasons.found.size).toBe(0);
});
