// The Model in the agent: which events readers get, at once and at their pace, and what is stored meanwhile.
import { afterEach, expect, spyOn, test } from "bun:test";
import type { Turns } from "../../src/agent/turns.ts";
import { View } from "../../src/agent/view.ts";
import { modelSourceOf } from "../../src/status/agent-client.ts";
import type { ModelEvent } from "../../src/status/events.ts";
import { after } from "../../src/status/events.ts";
import { until } from "../harness.ts";
import { Stage } from "./stage.ts";

let stage: Stage;
let turns: Turns;
let stop: AbortController;
afterEach(async () => {
  stop.abort();
  await stage.end(turns);
});

/** Follows the model in this process; `heard` collects the events. */
async function reader(paceMs = 5000): Promise<ModelEvent[]> {
  const heard: ModelEvent[] = [];
  void (async () => {
    for await (const event of turns.model.follow({ signal: stop.signal, paceMs })) heard.push(event);
  })();
  await until(() => heard.length > 0, { what: "the first snapshot" });
  return heard;
}

const kinds = (heard: ModelEvent[]) => heard.map(({ kind }) => kind);

async function begin(...names: string[]): Promise<void> {
  stage = new Stage();
  stop = new AbortController();
  turns = await stage.turns();
  for (const name of names) stage.up(name, ["sleep", "1000"]);
  await turns.turn();
}

test("a restart within milliseconds of a kill is reported with the new pid and with every state in between", async () => {
  await begin("web", "idle");
  const heard = await reader();
  let news = 0;
  turns.onNews = () => news++;
  const pid = stage.up("web", ["sleep", "1000"]);
  const { nowMs } = stage.clock;
  stage.tell?.({ name: "web", state: "activating", atMs: nowMs + 1 });
  stage.tell?.({ name: "web", state: "active", atMs: nowMs + 3 });
  expect(news).toBe(2);
  await turns.news();
  await until(() => heard.length > 2, { what: "the restart is reported" });
  expect(kinds(heard)).toEqual(["snapshot", "change", "change"]);
  // The new state is sent before the service is read.
  expect(heard.slice(1)).toMatchObject([
    { observed: { status: { name: "web", state: "activating", pid: null } }, passed: [{ state: "activating", atMs: nowMs + 1 }] },
    { observed: { status: { name: "web", state: "active", pid } }, passed: [{ state: "active", atMs: nowMs + 3 }] },
  ]);
  // A report that changes nothing causes no event.
  stage.tell?.({ name: "web", state: null, atMs: nowMs + 5 });
  await turns.news();
  expect(heard.length).toBe(3);
});

test("a process that ends while it is being read is not reported as active, and its later states are sent by the next turn", async () => {
  await begin("web");
  const heard = await reader();
  const { nowMs } = stage.clock;
  let pid = 0;
  stage.duringRead = () => {
    stage.tell?.({ name: "web", state: "activating", atMs: nowMs + 1 });
    stage.tell?.({ name: "web", state: "active", atMs: nowMs + 3 });
    pid = stage.up("web", ["sleep", "1000"]);
  };
  stage.tell?.({ name: "web", state: null, atMs: nowMs });
  // The tick neither compares nor samples this service, because the service changed while it was read.
  stage.pass(5000);
  await turns.turn();
  await until(() => kinds(heard).includes("sample"), { what: "the sample" });
  expect(heard.slice(1)).toMatchObject([
    { kind: "change", observed: { status: { state: "activating", pid: null } }, passed: [{ state: "activating", atMs: nowMs + 1 }] },
    { kind: "sample", figures: [] },
  ]);
  await turns.news();
  await until(() => heard.length > 3, { what: "the change" });
  expect(heard.slice(3)).toMatchObject([
    { kind: "change", observed: { status: { state: "active", pid } }, passed: [{ state: "active", atMs: nowMs + 3 }] },
  ]);
});

test("a new reader gets no event for a kill that is older than its snapshot", async () => {
  await begin("web");
  const { nowMs } = stage.clock;
  const pid = stage.up("web", ["sleep", "1000"]);
  stage.tell?.({ name: "web", state: "activating", atMs: nowMs + 1 });
  stage.tell?.({ name: "web", state: "active", atMs: nowMs + 3 });
  const heard = await reader();
  expect(heard).toMatchObject([{ kind: "snapshot", snapshot: { services: [{ status: { name: "web", state: "active", pid } }] } }]);
  stage.pass(5000);
  await turns.turn();
  await until(() => kinds(heard).includes("sample"), { what: "the sample" });
  expect(kinds(heard)).toEqual(["snapshot", "sample"]);
});

test("a reader is told of added and removed services, and its events together give the state that the agent answers", async () => {
  await begin("web");
  const heard = await reader();
  stage.up("new", ["sleep", "1000"]);
  stage.registry.remove("web");
  // Specs are checked in each turn, not only in ticks.
  stage.pass(1000);
  await turns.turn();
  await until(() => heard.length > 2, { what: "both services are reported" });
  stage.pass(4000);
  await turns.turn();
  await until(() => heard.length > 3, { what: "the sample is sent" });
  expect(kinds(heard)).toEqual(["snapshot", "gone", "change", "sample"]);
  const empty = { atMs: 0, services: [], added: [], notices: [], warnings: [], alerts: [], host: null };
  const { services } = heard.reduce(after, empty);
  expect(services.map(({ status }) => status.name)).toEqual(["new"]);
  const now = await turns.model.now(["new"]);
  const lasting = ({ status: { uptimeMs: _, memoryBytes: __, cpuTimeMs: ___, ...status } }: (typeof services)[number]) => status;
  expect(services.map(lasting)).toEqual(now.services.map(lasting));
});

test("a reader gets samples as often as it asks for, and only the samples of ticks are stored", async () => {
  await begin("web");
  const heard = await reader(1000);
  const stored = async () => (await Array.fromAsync(stage.storage.rows({ fromMs: 0, toMs: Number.MAX_SAFE_INTEGER }, null))).length;
  const before = await stored();
  for (let i = 0; i < 4; i++) {
    stage.pass(1000);
    await turns.turn();
  }
  await until(() => kinds(heard).filter((kind) => kind === "sample").length === 4, { what: "four samples" });
  expect(heard.at(-1)).toMatchObject({ figures: [{ name: "web" }], host: { memoryBytes: expect.any(Number) } });
  expect(await stored()).toBe(before);
  stage.pass(1000);
  await turns.turn();
  expect(await stored()).toBe(before + 1);
  // The stored sample covers the whole interval.
  const known = turns.collector.services.get("web");
  expect(known === undefined ? null : turns.collector.sampler.latest(known)?.elapsedMs).toBe(5000);
  stop.abort();
  await until(() => turns.paceMs === null, { what: "nobody reads" });
  stage.pass(1000);
  await turns.turn();
  expect(kinds(heard).filter((kind) => kind === "sample").length).toBe(5);
});

test("a reader is told of changes that the backend does not report, and at once of changes that happened while the backend was not watched", async () => {
  await begin("web");
  const heard = await reader();
  let news = 0;
  turns.onNews = () => news++;
  const states = () => heard.flatMap((event) => (event.kind === "change" ? event.observed.status.state : []));
  stage.pass(2000);
  stage.isTold = false;
  stage.readings.set("web", { state: "failed" });
  stage.lose();
  expect(news).toBe(1);
  await turns.news();
  await until(() => states().length > 0, { what: "the first change" });
  stage.readings.set("web", { state: "inactive" });
  stage.pass(1000);
  await turns.turn();
  await until(() => states().length > 1, { what: "the second change" });
  expect(states()).toEqual(["failed", "inactive"]);
});

test("an unhealthy service is not compared again until a probe or the backend reports a change", async () => {
  stage = new Stage();
  stop = new AbortController();
  turns = await stage.turns({ intervalMs: 50, timeoutMs: 100, unhealthyAfter: 1 });
  using hanging = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data() {} } });
  stage.up("hangs", ["sleep", "1000"], { port: hanging.port, health: { kind: "path", path: "/" } });
  const looks = spyOn(View.prototype, "of");
  try {
    await turns.turn();
    const heard = await reader();
    const isUnwell = async () => {
      stage.pass(100);
      await turns.turn();
      return heard.some((event) => event.kind === "change" && event.observed.status.health === "unhealthy");
    };
    await until(isUnwell, { what: "the service is reported as unhealthy" });
    await turns.news();
    expect([...(looks.mock.lastCall?.[0] ?? [])]).toEqual([]);
  } finally {
    looks.mockRestore();
  }
});

test("the agent refuses a reader while it can read only the state of a service, so that the reader reads the services itself", async () => {
  await begin("web");
  stage.readings.set("web", { state: "active", isStateAlone: true });
  stage.tell?.({ name: "web", state: "active", atMs: stage.clock.nowMs });
  const options = { signal: stop.signal, paceMs: 5000 };
  await expect(turns.model.follow(options).next()).rejects.toThrow("D-Bus is unavailable");
  await expect(turns.model.feed(5000)).rejects.toThrow("D-Bus is unavailable");
  const source = modelSourceOf(() => turns.model);
  expect(await source.now(["web"])).toBe(null);
  expect(await Array.fromAsync(source.follow(options))).toEqual([]);
});

test("a reader that does not take its events gets a snapshot instead", async () => {
  await begin("web");
  const follow = turns.model.follow({ signal: stop.signal, paceMs: 5000 });
  expect((await follow.next()).value?.kind).toBe("snapshot");
  for (let i = 0; i < 1100; i++) {
    stage.readings.set("web", { ...stage.readings.get("web"), restarts: i + 1 });
    stage.tell?.({ name: "web", state: "active", atMs: stage.clock.nowMs });
    await turns.news();
  }
  // No sample is taken for a reader that has fallen behind.
  expect(turns.paceMs).toBe(null);
  expect((await follow.next()).value).toMatchObject({ kind: "snapshot", snapshot: { services: [{ status: { restarts: 1100 } }] } });
  expect(turns.paceMs).toBe(5000);
  stage.tell?.({ name: "web", state: "failed", atMs: stage.clock.nowMs });
  stage.readings.set("web", { state: "failed", restarts: 1100 });
  await turns.news();
  expect((await follow.next()).value).toMatchObject({ kind: "change", observed: { status: { state: "failed" } } });
});
