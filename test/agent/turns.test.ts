// Turns of the agent with real processes, and with clocks that jump.
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

test.each([hourMs, -hourMs])("moving the wall clock by %d ms makes no figure negative and counts no time twice", async (jumpMs) => {
  await begin();
  stage.up("web", burn);
  await turns.turn();
  for (const [i, wallMs] of [5000, jumpMs, 5000, 5000].entries()) {
    // The monotonic clock moves at least by the time that really passes.
    const began = performance.now();
    await Bun.sleep(300);
    stage.pass(performance.now() - began + 5000, wallMs);
    await turns.turn();
    const { cpuPercent, elapsedMs } = sampleOf("web");
    expect([i, cpuPercent === null || (cpuPercent >= 0 && cpuPercent <= 100)]).toEqual([i, true]);
    expect(elapsedMs).toBeGreaterThan(5000);
    // The elapsed time must not contain the jump of the wall clock; it may contain a delay on a busy machine.
    expect(elapsedMs).toBeLessThan(60_000);
  }
  for (const row of await rows()) {
    expect(row.elapsedMs ?? 0).toBeLessThan(60_000);
    expect(row.cpuPercent ?? 0).toBeGreaterThanOrEqual(0);
  }
  const stored = (await rows()).map(({ atMs }) => atMs);
  expect(new Set(stored).size).toBe(stored.length);
});

test("a late tick is counted, and missed ticks are not made up for", async () => {
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

test("only a service with a reported change is read again", async () => {
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

test("a question about one service reads only that service, and the next turn reads the others", async () => {
  await begin();
  for (const name of ["a", "b"]) stage.up(name, ["sleep", "1000"]);
  await turns.turn();
  for (const name of ["a", "b"]) stage.tell?.({ name, state: "active", atMs: stage.clock.nowMs });
  await turns.model.now(["b"]);
  expect(stage.asked.slice(1)).toEqual([["b"]]);
  await turns.turn();
  expect(stage.asked.slice(1)).toEqual([["b"], ["a"]]);
});

test("the sandbox of a service is unknown while a command changes the service, and is verified afterwards", async () => {
  await begin();
  stage.up("web", ["sleep", "1000"]);
  stage.registry.begin({ spec: specNamed("web"), previous: specNamed("web"), ran: true, process: null });
  await turns.turn();
  expect(turns.collector.services.get("web")?.verdict).toBe("unknown");
  stage.registry.clearPending("web");
  await turns.collector.refresh();
  expect(turns.collector.services.get("web")?.verdict).toBe("effective");
});

test("a change is stored with the time of its report, even if the state lasted only a moment", async () => {
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

test("each tick reads all services while the backend reports no changes, and stops doing so once the backend reports changes", async () => {
  await begin();
  stage.isTold = false;
  stage.up("web", ["sleep", "1000"]);
  for (let i = 0; i < 3; i++) {
    await turns.turn();
    stage.pass(5000);
  }
  expect([stage.asked.length, turns.collector.services.isTold]).toEqual([3, false]);
  stage.isTold = true;
  // After watching the backend has failed, not every tick tries it again.
  for (let i = 0; i < 4; i++) {
    await turns.turn();
    stage.pass(5000);
  }
  expect([stage.asked.length, turns.collector.services.isTold]).toEqual([5, true]);
  // When the connection that reports changes is lost, all services are read again, because changes in the meantime were not
  // reported.
  stage.lose();
  stage.pass(5000);
  await turns.turn();
  expect([stage.asked.length, turns.collector.services.isTold]).toEqual([6, true]);
});

test("services appear and disappear with their specs, and a spec that cannot be read causes a warning and affects no other service", async () => {
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
  // The stored history of a service ends when the service is removed.
  expect((await stage.storage.watches("a", always))[0]?.seen.at(-1)?.state).toBe(null);
});

test("a step of a turn that fails is reported in a notice, and the other steps still run", async () => {
  await begin();
  stage.up("web", ["sleep", "1000"]);
  stage.storage.append = async () => {
    throw new Error("the disk is gone");
  };
  expect(await turns.turn()).toMatchObject([{ kind: "agent", what: 'cannot run the stage "store": the disk is gone' }]);
  expect((await turns.model.now(["web"])).services).toMatchObject([{ status: { state: "active" } }]);
});

test("a new run of a service does not show the figures of the run before", async () => {
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

test("an unhealthy service with --health-restart is restarted once per run", async () => {
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
  await until(isDone, { what: "the service is restarted" });
  for (let i = 0; i < 5; i++) await isDone();
  expect(stage.recycled).toEqual(["hangs"]);
  await until(() => stage.said.length > 0, { what: "the restart is logged" });
  expect(stage.said).toEqual([expect.stringMatching(/^hangs is being restarted: it is unhealthy: .*does not answer/)]);
});
