// The agent evaluates the rules after each turn: what it tells, at once and once, also after a restart.
import { afterEach, expect, test } from "bun:test";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import * as v from "valibot";
import { writeAlerts } from "../../src/alerting/config/file.ts";
import { readKept } from "../../src/alerting/evaluation/kept.ts";
import { writeQuiet } from "../../src/alerting/evaluation/silences.ts";
import { idOfFiring } from "../../src/alerting/message.ts";
import { readAlertHistory } from "../../src/alerting/spool/history.ts";
import { after, ModelEvent } from "../../src/status/events.ts";
import { begin, endStages, fail, sleep, stages, toldIn } from "./alert-stage.ts";

afterEach(endStages);

test("a service that fails is told at once, without a reader, and once; its start is told once", async () => {
  const { stage, turns } = await begin();
  stage.up("web", sleep);
  await turns.turn();
  const up = stage.readings.get("web");
  let news = 0;
  turns.onNews = () => news++;
  stage.pass(100);
  fail(stage, "web", "run-1");
  expect([news, stage.turned]).toEqual([1, 1]);
  await turns.news();
  expect(stage.turned).toBe(1);
  expect(stage.messages).toMatchObject([
    { version: 1, events: [{ sentence: "web failed: killed by SIGKILL", sinceMs: stage.clock.nowMs }] },
  ]);
  expect(toldIn(stage)).toEqual(["web failed firing"]);
  for (let i = 0; i < 3; i++) {
    stage.pass(5000);
    await turns.turn();
  }
  expect(toldIn(stage)).toEqual([]);
  if (up !== undefined) stage.readings.set("web", up);
  stage.tell?.({ name: "web", state: "active", atMs: stage.clock.nowMs });
  await turns.turn();
  expect(toldIn(stage)).toEqual(["web failed resolved"]);
  expect(readAlertHistory(stage.home).map(({ kind }) => kind)).toEqual(["firing", "resolved"]);
});

test("a reader gets the alerts with its snapshot, and an event whenever they have changed", async () => {
  const { stage, turns } = await begin();
  stage.up("web", sleep);
  await turns.turn();
  const ending = new AbortController();
  const events = turns.model.follow({ signal: ending.signal, paceMs: 60_000 });
  const read = async () => v.parse(ModelEvent, (await events.next()).value);
  let snapshot = after({ atMs: 0, services: [], added: [], notices: [], warnings: [], alerts: [], host: null }, await read());
  expect(snapshot.alerts).toEqual([]);
  fail(stage, "web", "run-1");
  await turns.news();
  while (snapshot.alerts?.length === 0) snapshot = after(snapshot, await read());
  expect(snapshot.alerts).toMatchObject([{ subject: "web", rule: "failed", state: "firing", isSilenced: false, ackedBy: null }]);
  ending.abort();
});

test("where the history cannot be written, the state is saved and readers get their alerts", async () => {
  const { stage, turns } = await begin();
  stage.up("web", sleep);
  await turns.turn();
  mkdirSync(join(stage.home, "alerts", "history.jsonl"), { recursive: true });
  fail(stage, "web", "run-1");
  expect(await turns.news()).toMatchObject([{ what: expect.stringContaining("history.jsonl") }]);
  expect(readKept(stage.home)?.alerts).toMatchObject([{ subject: "web", state: "firing", isTold: true }]);
  expect((await turns.model.now(["web"])).alerts).toMatchObject([{ subject: "web", state: "firing" }]);
});

test("a failure that is over before it is read is told too", async () => {
  const { stage, turns } = await begin();
  stage.up("web", sleep, { restart: { policy: "no", delayMs: 1000, max: null } });
  await turns.turn();
  stage.pass(100);
  stage.tell?.({ name: "web", state: "failed", atMs: stage.clock.nowMs });
  stage.tell?.({ name: "web", state: "active", atMs: stage.clock.nowMs });
  await turns.news();
  stage.pass(5000);
  await turns.turn();
  expect(toldIn(stage)).toEqual(["web failed firing", "web failed resolved"]);
});

test("an agent that begins again tells nothing twice", async () => {
  const { stage, turns } = await begin();
  stage.up("web", sleep);
  await turns.turn();
  fail(stage, "web", "run-1");
  await turns.news();
  expect(toldIn(stage)).toEqual(["web failed firing"]);
  await turns.close();
  await stage.storage.close();
  stage.pass(10_000);
  const again = await stage.turns();
  stages.splice(0, 1, [stage, again]);
  await again.turn();
  stage.pass(5000);
  await again.turn();
  expect(toldIn(stage)).toEqual([]);
  expect((await again.model.now(["web"])).alerts).toMatchObject([{ rule: "failed", subject: "web", state: "firing" }]);
});

test("what bs9 does and what the user silences is not told, and what still fires afterwards is told then", async () => {
  const { stage, turns } = await begin();
  for (const name of ["web", "api"]) stage.up(name, sleep);
  await turns.turn();
  mkdirSync(join(stage.home, "state"), { recursive: true });
  const acting = stage.registry.beginActing(["web"]);
  const untilMs = stage.clock.nowMs + 60_000;
  writeQuiet(stage.home, { silences: [{ service: "api", untilMs, by: "me" }], acks: [] }, stage.clock.nowMs);
  for (const name of ["web", "api"]) fail(stage, name, `run-${name}`);
  await turns.news();
  expect(toldIn(stage)).toEqual([]);
  acting[Symbol.dispose]();
  stage.pass(1000);
  await turns.turn();
  // The command may have ended after the services were read.
  expect(toldIn(stage)).toEqual([]);
  stage.pass(1000);
  await turns.turn();
  expect(toldIn(stage)).toEqual(["web failed firing"]);
  stage.pass(60_000);
  await turns.turn();
  expect(toldIn(stage)).toEqual(["api failed firing"]);
});

test("an act that begins and ends within one long turn silences exactly its services, and only then", async () => {
  const { stage, turns } = await begin();
  for (const name of ["web", "api"]) stage.up(name, sleep);
  mkdirSync(join(stage.home, "state"), { recursive: true });
  await turns.turn();
  stage.registry.beginActing(["web"])[Symbol.dispose]();
  for (const name of ["web", "api"]) fail(stage, name, `run-${name}`);
  stage.pass(1000);
  await turns.turn();
  expect(toldIn(stage)).toEqual(["api failed firing"]);
  // The services may have been read before the act.
  stage.pass(5000);
  await turns.turn();
  expect(toldIn(stage)).toEqual([]);
  stage.pass(1000);
  await turns.turn();
  expect(toldIn(stage)).toEqual(["web failed firing"]);
});

test("a threshold fires within its `for` and two ticks, and a null figure neither fires nor resolves", async () => {
  const custom = [{ name: "load", series: "load1", op: ">=" as const, value: 0, for: "10s", service: "bs9-host" as const }];
  const nothing = [{ name: "stolen", series: "latencyMs", op: ">=" as const, value: 0, for: 0 }];
  const { stage, turns } = await begin((one) => writeAlerts(one.home, { custom: [...custom, ...nothing] }));
  stage.up("web", sleep);
  let ticks = 0;
  while (toldIn(stage).length === 0 && ticks < 10) {
    stage.pass(5000);
    await turns.turn();
    ticks++;
  }
  expect(ticks).toBeLessThanOrEqual(4);
  const { alerts } = await turns.model.now([]);
  expect(alerts).toMatchObject([{ rule: "custom.load", subject: "bs9-host", threshold: 0 }]);
});

test("a change of alerts.json is in force in the next turn, and a mistake in it is a notice", async () => {
  const { stage, turns } = await begin();
  stage.up("web", sleep);
  fail(stage, "web", "run-1");
  await turns.turn();
  expect(toldIn(stage)).toEqual(["web failed firing"]);
  writeAlerts(stage.home, { rules: { failed: "off" } });
  stage.pass(6000);
  expect(await turns.turn()).toEqual([]);
  expect(toldIn(stage)).toEqual(["web failed resolved"]);
  await Bun.write(join(stage.home, "alerts.json"), '{"rules": {"failed": "on", "faild": "on"}}');
  const troubles = await turns.turn();
  expect(troubles).toMatchObject([
    { kind: "alerts", what: expect.stringContaining("rules.faild: there is no such field; did you mean failed?") },
  ]);
  writeAlerts(stage.home, { enabled: false });
  fail(stage, "web", "run-2");
  stage.pass(6000);
  expect(await turns.turn()).toEqual([]);
  expect([toldIn(stage), (await turns.model.now(["web"])).alerts]).toEqual([[], []]);
});

test("a crash loop and a kill for memory are told once, and resolved when the service is stopped", async () => {
  const { stage, turns } = await begin();
  stage.up("web", sleep);
  await turns.turn();
  const up = stage.readings.get("web");
  for (let restarts = 1; restarts <= 5; restarts++) {
    stage.pass(1000);
    stage.readings.set("web", { ...up, restarts });
    stage.tell?.({ name: "web", state: "activating", atMs: stage.clock.nowMs });
    stage.tell?.({ name: "web", state: null, atMs: stage.clock.nowMs, outOfMemory: { run: `${Math.ceil(restarts / 5)}` } });
    await turns.turn();
  }
  stage.pass(5000);
  await turns.turn();
  expect(toldIn(stage).sort()).toEqual(["web crashLoop firing", "web oom firing"]);
  stage.readings.set("web", { state: "inactive" });
  stage.tell?.({ name: "web", state: "inactive", atMs: stage.clock.nowMs });
  stage.pass(6000);
  await turns.turn();
  expect(toldIn(stage).sort()).toEqual(["web crashLoop resolved", "web oom resolved"]);
});

test("200 services that fail at one instant make at most five messages", async () => {
  const { stage, turns } = await begin();
  const names = Array.from({ length: 200 }, (_, i) => `s${i}`);
  const [first = ""] = names;
  stage.up(first, sleep);
  const up = stage.readings.get(first);
  for (const name of names) {
    stage.registry.commit({ ...(stage.registry.get(first) ?? (await Promise.reject(new Error("no spec")))), name });
    if (up !== undefined) stage.readings.set(name, up);
  }
  await turns.turn();
  for (const name of names) {
    fail(stage, name, `run-${name}`);
    if (name.endsWith("50")) await turns.news();
  }
  for (let i = 0; i < 20; i++) {
    stage.pass(1000);
    await turns.turn();
  }
  expect(stage.messages.length).toBeLessThanOrEqual(5);
  expect(new Set(stage.messages.flatMap(({ events }) => events.map(({ id }) => id))).size).toBe(200);
  expect(stage.messages.flatMap(({ events }) => events)).toHaveLength(200);
});

test("a failure that is reported while the service is read is told once, with the run that failed", async () => {
  const { stage, turns } = await begin();
  stage.up("web", sleep, { restart: { policy: "no", delayMs: 1000, max: null } });
  await turns.turn();
  stage.tell?.({ name: "web", state: null, atMs: stage.clock.nowMs });
  stage.duringRead = () => fail(stage, "web", "run-1");
  await turns.news();
  await turns.news();
  stage.pass(6000);
  await turns.turn();
  stage.pass(6000);
  await turns.turn();
  expect(stage.messages.map(({ events }) => events.map(({ id }) => id))).toEqual([[idOfFiring("failed", "web", "run-1")]]);
});
