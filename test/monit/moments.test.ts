// Time travel against a real history.
import { afterAll, expect, test } from "bun:test";
import { rmSync } from "node:fs";
import { join } from "node:path";
import type { AlertEvent } from "../../src/alerting/message.ts";
import { defaultKeeping } from "../../src/config/keeping.ts";
import { Moments } from "../../src/monit/moments.ts";
import { stepAt, stepBegin } from "../../src/monit/update/time.ts";
import { emptySnapshot } from "../../src/status/events.ts";
import { levelsOf, spanOf } from "../../src/storage/levels.ts";
import { openSqliteReader } from "../../src/storage/sqlite/reader.ts";
import { openSqlite } from "../../src/storage/sqlite/sqlite.ts";
import { tempDir } from "../harness.ts";
import { beginMs, hostSample, intervalMs, sample } from "../storage/samples.ts";
import { alert } from "./scene.ts";

const folder = tempDir();
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const steps = levelsOf(defaultKeeping).map((level) => ({ stepMs: level.stepMs, spanMs: spanOf(level) }));
const minuteMs = 60_000;
/** Ticks of ten minutes, nothing for two hours, and ticks until now. */
const gap = { fromMs: beginMs + 10 * minuteMs, toMs: beginMs + 130 * minuteMs };
const nowMs = gap.toMs + 10 * minuteMs;
const fired: AlertEvent = {
  id: "one",
  rule: "failed",
  kind: "firing",
  subject: "web",
  severity: "critical",
  atMs: gap.toMs + minuteMs,
  sinceMs: gap.toMs,
  value: null,
  threshold: null,
  unit: null,
  sentence: "web has failed",
};
const resolved: AlertEvent = { ...fired, kind: "resolved", atMs: fired.atMs + 2 * minuteMs };

const path = join(folder, "metrics.db");
let clockMs = beginMs;
const store = await openSqlite(path, { now: () => clockMs });
const known = { nowMs, steps, snapshot: emptySnapshot };
const of = (alertHistory: () => AlertEvent[]) => new Moments({ storage: openSqliteReader(path), alertHistory });

async function fill(untilMs: number): Promise<void> {
  for (; clockMs < untilMs; clockMs = clockMs + intervalMs === gap.fromMs ? gap.toMs : clockMs + intervalMs) {
    const requests = { requests: 50, requestErrors: 1, requestP50Ms: 2, requestP95Ms: 40, requestsInFlight: 0 };
    const samples = [sample("web", 7, requests), sample("worker", 8)];
    await store.append({ atMs: clockMs, samples, host: hostSample(1) });
    await store.turn();
  }
}

// A reader that travels while the history grows.
const early = of(() => []);
const earlyMs = nowMs - 5 * minuteMs;
await fill(earlyMs);
const before = await early.from(earlyMs - intervalMs, 0, { ...known, nowMs: earlyMs });
await fill(nowMs);
await store.close();

const moments = of(() => [fired, resolved]);
const at = (atMs: number, direction: -1 | 0 | 1) => moments.from(stepBegin(atMs, stepAt(atMs, known)), direction, known);

test("a stored moment has every service with its requests as they were", async () => {
  const moment = await at(nowMs - minuteMs, -1);
  expect(moment).toMatchObject({ atMs: nowMs - minuteMs, widthMs: 5000 });
  expect(moment?.services.map(({ status }) => status.name)).toEqual(["web", "worker"]);
  expect(moment?.services[0]?.status.requests).toEqual({ perSecond: 10, errorPercent: 2, p50Ms: 2, p95Ms: 40 });
  expect(moment?.services[1]?.status.requests).toBe(null);
  expect(moment?.host).not.toBe(null);
});

test("a gap is crossed in both directions, and without a direction it stays a gap", async () => {
  const middleMs = gap.fromMs + 60 * minuteMs;
  const [older, newer] = [await at(middleMs, -1), await at(middleMs, 1)];
  expect((older?.atMs ?? 0) + (older?.widthMs ?? 0)).toBe(gap.fromMs);
  expect(newer?.atMs).toBe(gap.toMs);
  expect(await at(middleMs, 0)).toBe(null);
  expect(await at(beginMs - 60 * minuteMs, -1)).toBe(null);
});

test("a step that was not stored yet when its neighbours were read is read again", async () => {
  expect(before?.atMs).toBe(earlyMs - intervalMs);
  expect((await early.from(earlyMs + intervalMs, 0, known))?.services.length).toBe(2);
});

test("a stored moment has the alerts that had fired and were not resolved", async () => {
  const subjects = async (atMs: number) => (await at(atMs, 0))?.alerts.map(({ subject, firedMs }) => [subject, firedMs]);
  expect(await subjects(fired.atMs - minuteMs)).toEqual([]);
  expect(await subjects(fired.atMs + minuteMs)).toEqual([["web", fired.atMs]]);
  expect(await subjects(resolved.atMs + minuteMs)).toEqual([]);
});

test("an alert that fires now and is not stored yet belongs to the moments since it fired", async () => {
  const now = { ...alert("worker"), firedMs: nowMs - minuteMs, isSilenced: true };
  const read = (atMs: number) => of(() => []).from(atMs, 0, { ...known, snapshot: { ...emptySnapshot, alerts: [now] } });
  expect((await read(nowMs - minuteMs))?.alerts).toMatchObject([{ subject: "worker", isSilenced: false }]);
  expect((await read(nowMs - 2 * minuteMs))?.alerts).toEqual([]);
});

test("a stored moment is not lost where the alerts cannot be read", async () => {
  const unreadable = () => {
    throw new Error("unreadable");
  };
  const moment = await of(unreadable).from(nowMs - minuteMs, 0, known);
  expect(moment).toMatchObject({ alerts: [], services: { length: 2 } });
});
