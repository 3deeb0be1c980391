// The states of alerts, and which events are told when: hysteresis, cooldown, silence, grouping and restarts of the agent.
import { expect, test } from "bun:test";
import { Alerts, messageOf } from "../../src/alerting/evaluation/alerts.ts";
import { readKept, writeKept } from "../../src/alerting/evaluation/kept.ts";
import type { Observation } from "../../src/alerting/evaluation/observed.ts";
import type { Condition } from "../../src/alerting/evaluation/states.ts";
import { tempDir } from "../harness.ts";
import { failedWeb as failed } from "./observed.ts";

class Scene {
  nowMs = 0;
  wallMs = 1_000_000;
  cooldownMs = 300_000;
  silenced = new Set<string>();
  acked = new Set<string>();
  alerts = new Alerts(null, this.clock);

  get clock() {
    return { nowMs: this.nowMs, atMs: this.wallMs };
  }

  /** Observes and returns what is told, such as `web failed firing`. */
  see(condition: Condition, more: Partial<Observation> = {}): string[] {
    this.alerts.observe([{ ...failed, condition, ...more }], this.clock);
    return this.release();
  }

  release(): string[] {
    const telling = {
      cooldownMs: this.cooldownMs,
      isSilenced: (name: string) => this.silenced.has(name),
      isAcked: (id: string) => this.acked.has(id),
    };
    return this.alerts
      .release(telling, this.clock)
      .map((events) => events.map(({ subject, rule, kind }) => `${subject} ${rule} ${kind}`).join());
  }

  pass(ms: number): void {
    this.nowMs += ms;
    this.wallMs += ms;
  }

  /** Ends the agent, which begins again later. */
  again(ms: number): void {
    const folder = tempDir();
    writeKept(folder, { ...this.alerts.kept(this.clock), restarts: [] });
    this.pass(ms);
    // A reboot sets the monotonic clock back.
    this.nowMs = 5;
    this.alerts = new Alerts(readKept(folder), this.clock);
  }
}

test("a state is told once, and resolved once with the same id", () => {
  const scene = new Scene();
  expect(scene.see("breached")).toEqual(["web failed firing"]);
  const [alert] = scene.alerts.list(
    () => false,
    () => null,
  );
  scene.pass(6000);
  for (let i = 0; i < 10; i++) expect(scene.see("breached")).toEqual([]);
  expect(scene.see("unknown")).toEqual([]);
  scene.alerts.observe([{ ...failed, condition: "clear" }], scene.clock);
  const [[resolved] = []] = scene.alerts.release({ cooldownMs: 0, isSilenced: () => true, isAcked: () => true }, scene.clock);
  expect(resolved).toMatchObject({ kind: "resolved", id: alert?.id ?? "none", sentence: "web failed" });
});

test("the same state is told again only after the cooldown, and then only if it still holds", () => {
  const scene = new Scene();
  scene.see("breached");
  scene.pass(10_000);
  expect(scene.see("clear")).toEqual(["web failed resolved"]);
  scene.pass(10_000);
  expect(scene.see("breached", { run: "r2" })).toEqual([]);
  scene.pass(10_000);
  expect(scene.see("clear")).toEqual([]);
  scene.pass(10_000);
  expect(scene.see("breached", { run: "r3" })).toEqual([]);
  scene.pass(259_999);
  expect(scene.release()).toEqual([]);
  scene.pass(1);
  expect(scene.release()).toEqual(["web failed firing"]);
});

test("a silence holds back what fires, and what still fires afterwards is told then", () => {
  const scene = new Scene();
  scene.silenced.add("web");
  expect(scene.see("breached")).toEqual([]);
  expect(scene.see("clear")).toEqual([]);
  expect(scene.see("breached", { run: "r2" })).toEqual([]);
  expect(scene.see("breached", { subject: "api" })).toEqual(["api failed firing"]);
  scene.pass(6000);
  scene.silenced.clear();
  expect(scene.release()).toEqual(["web failed firing"]);
  scene.pass(6000);
  scene.silenced.add("web");
  expect(scene.see("clear")).toEqual(["web failed resolved"]);
});

test("an alert that was acknowledged before it could be told is not told", () => {
  const scene = new Scene();
  scene.silenced.add("web");
  scene.see("breached");
  const [alert] = scene.alerts.list(
    () => false,
    () => null,
  );
  scene.acked.add(alert?.id ?? "");
  scene.silenced.clear();
  expect(scene.release()).toEqual([]);
});

test("the states, the cooldown and the events that wait survive a restart of the agent", () => {
  const scene = new Scene();
  scene.see("breached");
  expect(scene.see("breached", { subject: "api" })).toEqual([]);
  scene.see("breached", { rule: "cpu", forMs: 10_000, run: null });
  scene.again(3000);
  expect(scene.see("breached")).toEqual([]);
  scene.pass(2000);
  expect(scene.see("breached")).toEqual(["api failed firing"]);
  scene.pass(5000);
  expect(scene.see("breached", { rule: "cpu", forMs: 10_000, run: null })).toEqual(["web cpu firing"]);
  scene.again(6000);
  expect(scene.see("clear")).toEqual(["web failed resolved"]);
  scene.pass(6000);
  expect(scene.see("breached", { run: "r2" })).toEqual([]);
  scene.pass(300_000);
  expect(scene.see("breached", { run: "r2" })).toEqual(["web failed firing"]);
});

test("a state that cannot be read begins again", () => {
  const folder = tempDir();
  expect(readKept(folder)).toBeNull();
  writeKept(folder, { ...new Scene().alerts.kept({ nowMs: 0, atMs: 0 }), restarts: [{ service: "../x", last: 1, agesMs: [] }] });
  expect(readKept(folder)).toBeNull();
});

test("a rule or service that is gone resolves its alert", () => {
  const scene = new Scene();
  scene.see("breached");
  scene.pass(6000);
  scene.alerts.retire(({ subject }) => subject !== "web", scene.clock);
  expect(scene.release()).toEqual(["web failed resolved"]);
});

test("the id of an event comes from its run, and that of a message from its events", () => {
  const ids = (run: string) => {
    const scene = new Scene();
    scene.alerts.observe([{ ...failed, run }], scene.clock);
    const [events = []] = scene.alerts.release({ cooldownMs: 0, isSilenced: () => false, isAcked: () => false }, scene.clock);
    return [events[0]?.id, messageOf(events, "host", 7).id];
  };
  expect(ids("a")).toEqual(ids("a"));
  expect(new Set([...ids("a"), ...ids("b")]).size).toBe(4);
});

test("events that could not be written are returned again", () => {
  const scene = new Scene();
  scene.alerts.observe([failed], scene.clock);
  const telling = { cooldownMs: 0, isSilenced: () => false, isAcked: () => false };
  const [events = []] = scene.alerts.release(telling, scene.clock);
  scene.alerts.putBack(events);
  expect(scene.release()).toEqual([]);
  scene.pass(5000);
  expect(scene.release()).toEqual(["web failed firing"]);
});

test("two firings never have the same id, even of one run or with a clock that was set back", () => {
  const scene = new Scene();
  scene.cooldownMs = 0;
  const ids: string[] = [];
  for (const run of ["r1", "r1", "r1", null, null]) {
    scene.alerts.observe([{ ...failed, run, sinceMs: 7 }], scene.clock);
    ids.push(...scene.alerts.kept(scene.clock).alerts.map(({ id }) => id));
    scene.alerts.observe([{ ...failed, condition: "clear" }], scene.clock);
    scene.pass(1);
  }
  expect(new Set(ids).size).toBe(5);
});

test("an alert whose value stays unknown for an hour ends, and says so", () => {
  const scene = new Scene();
  scene.see("breached");
  scene.pass(10_000);
  scene.see("unknown");
  scene.pass(3_599_999);
  expect(scene.see("unknown")).toEqual([]);
  scene.see("breached");
  expect(scene.see("unknown")).toEqual([]);
  scene.pass(3_600_000);
  scene.alerts.observe([{ ...failed, condition: "unknown" }], scene.clock);
  const [[resolved] = []] = scene.alerts.release({ cooldownMs: 0, isSilenced: () => false, isAcked: () => false }, scene.clock);
  expect(resolved?.kind).toBe("resolved");
  expect(resolved?.sentence).toContain("its value has been unknown for an hour, so this alert ends: web failed");
  expect(scene.see("unknown")).toEqual([]);
});

test("after a gap in which no agent ran, a pending alert begins again", () => {
  const cpu = { rule: "cpu", forMs: 60_000, run: null };
  const scene = new Scene();
  scene.see("breached", cpu);
  scene.pass(30_000);
  scene.again(40_000);
  expect(scene.see("breached", cpu)).toEqual([]);
  scene.pass(59_999);
  expect(scene.see("breached", cpu)).toEqual([]);
  scene.pass(1);
  expect(scene.see("breached", cpu)).toEqual(["web cpu firing"]);
});

test("no sentence is made while the condition is false", () => {
  const scene = new Scene();
  const sentence = () => expect.unreachable("nobody is told");
  for (const condition of ["clear", "between", "unknown"] as const) expect(scene.see(condition, { sentence })).toEqual([]);
  scene.see("breached");
  scene.pass(6000);
  expect(scene.see("clear", { sentence })).toEqual(["web failed resolved"]);
});
