// When services are probed: distributed, in step with their interval, soon after a start.
import { expect, test } from "bun:test";
import { firstDueMs, nextDueMs, phaseOf } from "../../src/health/schedule.ts";

const intervalMs = 10_000;
const names = Array.from({ length: 1000 }, (_, i) => `service-${i}`);

test("a thousand services are distributed over the interval", () => {
  const inSecond = Map.groupBy(names, (name) => Math.floor(phaseOf(name, intervalMs) / 1000));
  const counts = [...inSecond.values()].map(({ length }) => length);
  expect(counts).toHaveLength(10);
  expect(Math.max(...counts)).toBeLessThan(150);
});

test.each([0, 1, 333, 999])("with one turn per second, each %d ms early or late, no probe is lost and none is added", (offsetMs) => {
  const pace = { isHurried: false, phaseMs: phaseOf("web", intervalMs), intervalMs };
  let dueMs = 0;
  const probedMs: number[] = [];
  for (let second = 0; second < 1000; second++) {
    // A timer is sometimes late, but never early.
    const nowMs = second * 1000 + offsetMs + (second % 7) * 3;
    if (nowMs < dueMs) continue;
    probedMs.push(nowMs);
    dueMs = nextDueMs(dueMs, nowMs, pace);
  }
  const gaps = probedMs.slice(2).map((ms, i) => ms - (probedMs[i + 1] ?? 0));
  expect(Math.max(...gaps)).toBeLessThanOrEqual(intervalMs + 1018);
  expect(Math.min(...gaps)).toBeGreaterThanOrEqual(intervalMs - 1018);
  expect(probedMs.length).toBeWithin(100, 103);
});

test("an interval of one second with one turn per second, a little early or late, loses no probe", () => {
  const pace = { isHurried: false, phaseMs: 500, intervalMs: 1000 };
  let dueMs = 500;
  let probes = 0;
  for (let second = 0; second < 1000; second++) {
    const nowMs = second * 1000 + 500 + (second % 2 === 0 ? 4 : -4);
    if (nowMs < dueMs) continue;
    probes++;
    dueMs = nextDueMs(dueMs, nowMs, pace);
  }
  expect(probes).toBeGreaterThanOrEqual(999);
});

test("probes that were missed, for example while the machine was suspended, are not made up for", () => {
  const pace = { isHurried: false, phaseMs: 3, intervalMs };
  const dueMs = nextDueMs(10_003, 1_000_000, pace);
  expect(dueMs).toBeWithin(990_001, 1_000_004);
  expect(nextDueMs(dueMs, 1_000_001, pace)).toBe(1_000_003);
});

test("a service that has just started is probed at once, and each second until it answers", () => {
  expect(firstDueMs("web", 5000, { isYoung: true, services: 1000, intervalMs })).toBe(5000);
  const pace = { isHurried: true, phaseMs: 3, intervalMs };
  expect([nextDueMs(5000, 5010, pace), nextDueMs(5000, 50_000, pace)]).toEqual([6000, 50_000]);
});

test("long-running services are probed soon, but not all together", () => {
  const first = (services: number, width = intervalMs) =>
    names.slice(0, services).map((name) => firstDueMs(name, 0, { isYoung: false, services, intervalMs: width }));
  expect(Math.max(...first(5))).toBeLessThan(1000);
  expect(Math.max(...first(1000))).toBeWithin(9000, 10_000);
  expect(Math.max(...first(1000, 2000))).toBeLessThan(2000);
});
