// Turns of the agent over real processes, with clocks that go as they like.
import { afterEach, expect, test } from "bun:test";
import type { Turns } from "../../src/agent/turns.ts";
import type { Sample } from "../../src/metrics/sample.ts";
import { hostName } from "../../src/metrics/subject.ts";
import type { StorageRow } from "../../src/storage/storage.ts";
import { until } from "../harness.ts";
import { specNamed } from "../spec.ts";
import { Stage } from "./stage.ts";

let stage: Stage;
let turns: Turns;
afterEach(() => stage.end(turns));

async function begin(): Promise<void> {
  stage = new Stage();
  turns = await stage.turns();
}

const always = { fromMs: 0, toMs: Number.MAX_SAFE_INTEGER };
const rows = (): Promise<StorageRow[]> => Array.fromAsync(stage.storage.rows(always, null));
const burn = ["sh", "-c", "while :; do :; done"];
const hourMs = 3_600_000;

function sampleOf(name: string): Sample {
  const known = turns.collector.services.get(name);
  const sample = known === undefined ? null : turns.collector.sampler.latest(known);
  if (sample === null) throw new Error(`no sample of ${name}`);
  return sample;
}

test.each([hourMs, -hourMs])("a clock that is set by %d ms makes no figure negative or doubled", async (jumpMs) => {
  await begin();
  stage.up("web", burn);
  await turns.turn();
  for (const [i, wallMs] of [5000, jumpMs, 5000, 5000].entries()) {
    // As much time as the process really has.
    const began = performance.now();
    await Bun.sleep(300);
    stage.pass(performance.now() - began + 5000, wallMs);
    await turns.turn();
    const { cpuPercent, elapsedMs } = sampleOf("web");
    expect([i, cpuPercent === null || (cpuPercent >= 0 && cpuPercent <= 100)]).toEqual([i, true]);
    expect(elapsedMs).toBeGreaterThan(5000);
    // A clock that jumps by an hour adds nothing to it, a busy machine may.
    expect(elapsedMs).toBeLessThan(60_000);
  }
  for (const row of await rows()) {
    expect(row.elapsedMs ?? 0).toBeLessThan(60_000);
    expect(row.cpuPercent ?? 0).toBeGreaterThanOrEqual(0);
  }
  const stored = (await rows()).map(({ atMs }) => atMs);
  expect(new Set(stored).size).toBe(stored.length);
});

test("a tick that comes late is counted, and what was missed is not made up for", async () => {
  await begin();
  stage.up("web", ["sleep", "1000"]);
  await turns.turn();
  stage.pass(5000);
  await turns.turn();
  expect([turns.cost.ticks, turns.cost.lateTicks]).toEqual([2, 0]);
  // The host is sampled beside the services.
  expect((await stage.storage.newest(hostName))?.points.get(hostName)).toMatchObject({ elapsedMs: 5000, memoryBytes: expect.any(Number) });
  stage.pass(60_000);
  for (let i = 0; i < 3; i++) await turns.turn();
  expect([turns.cost.ticks, turns.cost.lateTicks]).toEqual([3, 1]);
  expect(sampleOf("web").elapsedMs).toBe(60_000);
  stage.pass(5000);
  await turns.turn();
  expect([turns.cost.ticks, turns.cost.lateTicks]).toEqual([4, 1]);
});

test("what is told is asked about, and nothing else", async () => {
  await begin();
  for (const name of ["a", "b", "c"]) stage.up(name, ["sleep", "1000"]);
  await turns.turn();
  expect(stage.asked).toEqual([["a", "b", "c"]]);
  stage.pass(5000);
  await turns.turn();
  expect(stage.asked.length).toBe(1);
  stage.readings.set("b", { state: "failed", restarts: 3, end: "exited with 1" });
  stage.tell?.({ name: "b", state: "failed", atMs: stage.clock.nowMs });
  stage.tell?.({ name: "stranger", state: "failed", atMs: stage.clock.nowMs });
  await turns.turn();
  expect(stage.asked.slice(1)).toEqual([["b"]]);
  expect(turns.collector.services.get("b")?.reading).toMatchObject({ state: "failed", restarts: 3 });
});

test("a question about one service reads no other one, which the next turn then reads", async () => {
  await begin();
  for (const name of ["a", "b"]) stage.up(name, ["sleep", "1000"]);
  await turns.turn();
  for (const name of ["a", "b"]) stage.tell?.({ name, state: "active", atMs: stage.clock.nowMs });
  await turns.model.now(["b"]);
  expect(stage.asked.slice(1)).toEqual([["b"]]);
  await turns.turn();
  expect(stage.asked.slice(1)).toEqual([["b"], ["a"]]);
});

test("while a change of a service is under way its sandbox is unknown, and it is verified once the change is done", async () => {
  await begin();
  stage.up("web", ["sleep", "1000"]);
  stage.registry.begin({ spec: specNamed("web"), previous: specNamed("web"), ran: true, process: null });
  await turns.turn();
  expect(turns.collector.services.get("web")?.verdict).toBe("unknown");
  stage.registry.settle("web");
  await turns.collector.refresh();
  expect(turns.collector.services.get("web")?.verdict).toBe("effective");
});

test("a change is stored with the moment at which it was told, however short it was", async () => {
  await begin();
  stage.up("web", ["sleep", "1000"]);
  await turns.turn();
  const atMs = stage.clock.nowMs;
  stage.pass(2000);
  stage.tell?.({ name: "web", state: "activating", atMs: atMs + 700 });
  stage.readings.set("web", { ...stage.readings.get("web"), restarts: 1 });
  stage.tell?.({ name: "web", state: "active", atMs: atMs + 750 });
  await turns.turn();
  const [watch] = await stage.storage.watches("web", always);
  expect(watch?.seen.map((one) => [one.atMs - atMs, one.state, one.restarts])).toEqual([
    [0, "active", 0],
    [700, "activating", 1],
    [750, "active", 1],
  ]);
});

test("where nobody tells, all are asked with each tick, and once somebody does they are not", async () => {
  await begin();
  stage.isTold = false;
  stage.up("web", ["sleep", "1000"]);
  for (let i = 0; i < 3; i++) {
    await turns.turn();
    stage.pass(5000);
  }
  expect([stage.asked.length, turns.collector.services.isTold]).toEqual([3, false]);
  stage.isTold = true;
  // It is not looked for with every tick.
  for (let i = 0; i < 4; i++) {
    await turns.turn();
    stage.pass(5000);
  }
  expect([stage.asked.length, turns.collector.services.isTold]).toEqual([5, true]);
  // A connection that breaks off: what happened meanwhile is looked for.
  stage.lose();
  stage.pass(5000);
  await turns.turn();
  expect([stage.asked.length, turns.collector.services.isTold]).toEqual([6, true]);
});

test("services come and go with their specs; one that cannot be read is told and hinders none", async () => {
  await begin();
  stage.up("a", ["sleep", "1000"]);
  await turns.turn();
  stage.up("b", ["sleep", "1000"]);
  stage.registry.remove("a");
  await Bun.write(`${stage.home}/config/services/broken.json`, "{");
  stage.pass(5000);
  await turns.turn();
  expect(Array.from(turns.collector.services.all(), ({ spec }) => spec.name)).toEqual(["b"]);
  expect(turns.collector.services.warnings).toEqual([expect.stringContaining("broken.json")]);
  // The last that was seen of one that has gone.
  expect((await stage.storage.watches("a", always))[0]?.seen.at(-1)?.state).toBe(null);
});

test("a stage that fails is told as a trouble and hinders no other stage", async () => {
  await begin();
  stage.up("web", ["sleep", "1000"]);
  stage.storage.append = async () => {
    throw new Error("the disk is gone");
  };
  expect(await turns.turn()).toMatchObject([{ kind: "agent", what: 'cannot run the stage "store": the disk is gone' }]);
  expect((await turns.model.now(["web"])).services).toMatchObject([{ status: { state: "active" } }]);
});

test("a figure of the run before is none of this one", async () => {
  await begin();
  stage.up("web", burn);
  await turns.turn();
  stage.pass(5000);
  await Bun.sleep(100);
  await turns.turn();
  expect(sampleOf("web").cpuPercent).toBeGreaterThan(0);
  stage.up("web", ["sleep", "1000"]);
  stage.tell?.({ name: "web", state: "active", atMs: stage.clock.nowMs });
  await turns.collector.services.refresh();
  expect(() => sampleOf("web")).toThrow("no sample");
});

test("one that is unhealthy and is to be restarted then is, once a run", async () => {
  stage = new Stage();
  turns = await stage.turns({ intervalMs: 100, timeoutMs: 100, unhealthyAfter: 2 });
  using hanging = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data() {} } });
  const health = { kind: "path", path: "/" } as const;
  stage.up("hangs", ["sleep", "1000"], { port: hanging.port, health, healthRestart: true });
  stage.up("stays", ["sleep", "1000"], { port: hanging.port, health });
  const isDone = async () => {
    stage.pass(50);
    await turns.turn();
    return stage.recycled.length > 0 && turns.collector.monitor.of("stays").health === "unhealthy";
  };
  await until(isDone, { what: "it is recycled" });
  for (let i = 0; i < 5; i++) await isDone();
  expect(stage.recycled).toEqual(["hangs"]);
  await until(() => stage.said.length > 0, { what: "it is said" });
  expect(stage.said).toEqual([expect.stringMatching(/^hangs is asked to end and to come up again: it is unhealthy: .*does not answer/)]);
});
