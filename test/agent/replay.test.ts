// A replay names the alerts that the agent has told, from what it has stored.
import { afterEach, expect, test } from "bun:test";
import { replayed } from "../../src/agent/replay.ts";
import type { AlertFile } from "../../src/alerting/config/config.ts";
import { parseAlerts, writeAlerts } from "../../src/alerting/config/file.ts";
import { readAlertHistory } from "../../src/alerting/spool/history.ts";
import { defaultKeeping } from "../../src/config/keeping.ts";
import { hostName } from "../../src/metrics/subject.ts";
import { levelsOf } from "../../src/storage/levels.ts";
import type { SeenState, StorageRow } from "../../src/storage/storage.ts";
import { specNamed } from "../spec.ts";
import { begin, endStages, fail, sleep } from "./alert-stage.ts";

afterEach(endStages);

const levels = levelsOf(defaultKeeping);

function configOf(file: AlertFile) {
  const { config } = parseAlerts(JSON.stringify(file));
  if (config === null) throw new Error("the file has mistakes");
  return config;
}

const named = (events: readonly { subject: string; rule: string; kind: string }[]) =>
  events.map(({ kind, rule, subject }) => `${subject} ${rule} ${kind}`);

test("the last hour is replayed as it was told: failures, crash loops, restarts, thresholds and rules of the host", async () => {
  const file: AlertFile = {
    cooldownSeconds: 0,
    rules: { memory: { value: "1K", for: "20s" }, restarts: { value: 4, within: "2m" } },
    custom: [{ name: "load", series: "load1", op: ">=", value: 0, for: "30s", service: "bs9-host" }],
  };
  const { stage, turns } = await begin((one) => writeAlerts(one.home, file));
  stage.up("web", sleep, { restart: { policy: "no", delayMs: 0, max: null } });
  stage.up("api", sleep);
  const beganMs = stage.clock.nowMs;
  const pass = async (count: number) => {
    for (let i = 0; i < count; i++) {
      await turns.turn();
      stage.pass(5000);
    }
  };
  await pass(20);
  const up = stage.readings.get("web");
  fail(stage, "web", "run-1");
  await turns.news();
  await pass(12);
  if (up !== undefined) stage.readings.set("web", up);
  stage.tell?.({ name: "web", state: "active", atMs: stage.clock.nowMs });
  await pass(12);
  for (let restarts = 1; restarts <= 5; restarts++) {
    stage.readings.set("api", { ...stage.readings.get("api"), restarts });
    stage.tell?.({ name: "api", state: "activating", atMs: stage.clock.nowMs });
    stage.tell?.({ name: "api", state: "active", atMs: stage.clock.nowMs + 1 });
    await pass(2);
  }
  await pass(60);
  const specs = stage.registry.readable().specs;
  const range = { fromMs: beganMs - 1000, toMs: stage.clock.nowMs };
  const { events, steps, undecidable } = await replayed([hostName, ...specs], range, {
    storage: stage.storage,
    config: configOf(file),
    levels,
  });
  const told = readAlertHistory(stage.home);
  expect(named(told).length).toBeGreaterThan(8);
  expect(named(told)).toContain("web failed firing");
  expect(named(told)).toContain("api crashLoop resolved");
  expect(named(told)).toContain("bs9-host custom.load firing");
  expect(named(events).sort()).toEqual(named(told).sort());
  const keyOf = (one: (typeof told)[number]) => `${named([one])} ${one.atMs}`;
  const times = (all: typeof told) => all.toSorted((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1)).map(({ atMs }) => atMs);
  const toldMs = times(told);
  for (const [i, atMs] of times(events).entries()) expect(Math.abs(atMs - (toldMs[i] ?? 0))).toBeLessThanOrEqual(10_000);
  expect(steps).toMatchObject([{ stepMs: 5000 }]);
  expect(undecidable).toMatchObject([
    { subject: "api", rule: "oom", beforeMs: null },
    { subject: "web", rule: "oom", beforeMs: null },
  ]);
});

test("where samples are stored at a coarser step, a rule with a shorter for is not decidable, and a longer one is decided", async () => {
  const minute = 60_000;
  const atMs = Date.UTC(2026, 0, 5, 12);
  async function* rows(): AsyncGenerator<StorageRow> {
    for (let i = 0; i < 60; i++) yield { service: "web", atMs: atMs + i * minute, samples: 12, cpuPercent: 95, state: "active" };
  }
  const range = { fromMs: atMs, toMs: atMs + 60 * minute };
  const watches = async () => [{ ...range, seen: [{ atMs, state: "active" as const, health: "unknown" as const, restarts: 0 }] }];
  const storage = { rows, watches, series: async () => [] };
  const config = configOf({
    rules: { cpu: { value: 90, for: "10s" }, failed: "off", oom: "off" },
    custom: [{ name: "busy", series: "cpuPercent", op: ">", value: 90, for: "5m" }],
    patterns: [{ name: "panic", pattern: "panic" }],
  });
  const { events, steps, undecidable } = await replayed([specNamed("web")], range, { storage, config, levels });
  expect(named(events)).toEqual(["web custom.busy firing"]);
  expect(steps).toEqual([{ fromMs: atMs, stepMs: minute }]);
  expect(undecidable).toMatchObject([
    { subject: "web", rule: "cpu", beforeMs: atMs + 60 * minute, why: "its for is shorter than the step at which samples are stored" },
    { subject: "web", rule: "pattern.panic", beforeMs: null },
  ]);
});

const minuteMs = 60_000;
const noonMs = Date.UTC(2026, 0, 5, 12);

/** A storage with the samples of `web` given, and with these states of it. */
function storageOf(samples: StorageRow[], seen: SeenState[]) {
  async function* rows() {
    yield* samples;
  }
  const watches = async () => [{ fromMs: noonMs - 120 * minuteMs, toMs: noonMs + 120 * minuteMs, seen }];
  return { rows, watches, series: async () => [] };
}

const seenAt = (atMs: number, state: SeenState["state"]): SeenState => ({ atMs, state, health: "unknown", restarts: 0 });

test("samples from before the range name neither a step of the range nor a rule that is not decidable in it", async () => {
  const rowAt = (atMs: number, samples: number): StorageRow => ({ service: "web", atMs, samples, cpuPercent: 5, state: "active" });
  const coarse = Array.from({ length: 30 }, (_, i) => rowAt(noonMs + (i - 31) * minuteMs, 12));
  const fine = Array.from({ length: 100 }, (_, i) => rowAt(noonMs + (i - 12) * 5000, 1));
  const storage = storageOf([...coarse, ...fine], [seenAt(noonMs - 60 * minuteMs, "active")]);
  const config = configOf({ rules: { cpu: { value: 90, for: "10s" }, oom: "off" } });
  const range = { fromMs: noonMs, toMs: noonMs + 5 * minuteMs };
  const { steps, undecidable } = await replayed([specNamed("web")], range, { storage, config, levels });
  expect(steps).toEqual([{ fromMs: noonMs, stepMs: 5000 }]);
  expect(undecidable).toEqual([]);
});

test("an alert that is held back until after the end of the range is not told", async () => {
  const config = configOf({ cooldownSeconds: 600, rules: { oom: "off" } });
  const range = { fromMs: noonMs, toMs: noonMs + 60 * minuteMs };
  const at = (minutes: number, state: SeenState["state"]) => seenAt(range.toMs - minutes * minuteMs, state);
  const seen = [at(60, "active"), at(9, "failed"), at(8, "active"), at(5, "failed")];
  const { events } = await replayed([specNamed("web")], range, { storage: storageOf([], seen), config, levels });
  expect(named(events)).toEqual(["web failed firing", "web failed resolved"]);
});

test("the alerts of a service that was deleted are resolved", async () => {
  const config = configOf({ cooldownSeconds: 0, rules: { oom: "off" } });
  const range = { fromMs: noonMs, toMs: noonMs + 60 * minuteMs };
  const seen = [seenAt(noonMs, "active"), seenAt(noonMs + 5 * minuteMs, "failed"), seenAt(noonMs + 20 * minuteMs, null)];
  const { events } = await replayed([specNamed("web")], range, { storage: storageOf([], seen), config, levels });
  expect(named(events)).toEqual(["web failed firing", "web failed resolved"]);
});
