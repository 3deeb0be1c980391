// The prediction of when a value is full: close for leaks, silent for the teeth of a garbage collector, and null without samples.
import { afterEach, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { hasComeDown, type TrendPoint, timeUntilFull } from "../../src/alerting/ahead/trend.ts";
import { dice } from "../dice.ts";

const [second, minute, hour] = [1000, 60_000, 3_600_000];
const limit = 512;
const children: Bun.Subprocess[] = [];
afterEach(() => {
  for (const child of children.splice(0)) child.kill("SIGKILL");
});

function bell(roll: () => number): number {
  return Math.sqrt(-2 * Math.log(1 - roll())) * Math.cos(2 * Math.PI * roll());
}

/** A sample every 5 s while the value is below the limit. */
function sampled(value: (atMs: number) => number, spanMs: number): TrendPoint[] {
  const points: TrendPoint[] = [];
  for (let atMs = 0; atMs < spanMs; atMs += 5 * second) {
    const one = value(atMs);
    if (one >= limit) break;
    points.push({ atMs, least: one, most: one });
  }
  return points;
}

/** As the agent predicts: from twice the time ahead, and a day of history in points that are as long as a window. */
function predicted(points: readonly TrendPoint[], atMs: number, aheadMs: number): number | null {
  const upTo = points.slice(0, Math.floor(atMs / (5 * second)) + 1);
  const ms = timeUntilFull(upTo.slice(Math.max(0, upTo.length - (2 * aheadMs) / (5 * second))), limit, aheadMs);
  if (ms === null || ms > aheadMs) return ms;
  return hasComeDown(folded(upTo, (2 * aheadMs) / 24)) ? Number.POSITIVE_INFINITY : ms;
}

function folded(points: readonly TrendPoint[], stepMs: number): TrendPoint[] {
  const steps = new Map<number, TrendPoint>();
  for (const { atMs, least, most } of points) {
    const at = Math.floor(atMs / stepMs) * stepMs;
    const before = steps.get(at) ?? { atMs: at, least, most };
    steps.set(at, { atMs: at, least: Math.min(before.least, least), most: Math.max(before.most, most) });
  }
  return [...steps.values()];
}

test.each([1, 2, 3, 4, 5])("a linear leak is predicted within 10 %, also under noise and teeth (seed %d)", (seed) => {
  for (const noise of [0, 2.5]) {
    for (const toothMs of [0, 30 * second, 5 * minute]) {
      const roll = dice(seed);
      const [slope, shift] = [(400 + 100 * roll()) / (6 * hour), roll() * toothMs];
      const tooth = (atMs: number) => (toothMs === 0 ? 0 : (60 * ((atMs + shift) % toothMs)) / toothMs);
      const points = sampled((atMs) => 80 + slope * atMs + tooth(atMs) + noise * bell(roll), 12 * hour);
      const fullMs = (points.at(-1)?.atMs ?? 0) + 5 * second;
      for (const leftMs of [hour, 40 * minute, 20 * minute]) {
        const error = (predicted(points, fullMs - leftMs, hour) ?? Number.NaN) - leftMs;
        // Closer to the end the last tooth, and the highest of the noise, decide by themselves when the limit is reached.
        const isPure = noise === 0 && toothMs < minute;
        expect(Math.abs(error)).toBeLessThan(0.1 * (isPure ? leftMs : hour));
      }
    }
  }
});

const periods = [20 * second, 3 * minute, 20 * minute, 40 * minute, hour, 1.7 * hour, 3 * hour, 9 * hour];
test.each(periods)("a day of teeth that take %d ms each gives at most one false alarm", (periodMs) => {
  for (const seed of [1, 2, 3]) {
    const roll = dice(seed);
    let [fromMs, lengthMs] = [0, periodMs];
    const points = sampled((atMs) => {
      if (atMs - fromMs >= lengthMs) [fromMs, lengthMs] = [atMs, periodMs * (0.8 + 0.4 * roll())];
      return 100 + (300 * (atMs - fromMs)) / periodMs + 4 * bell(roll);
    }, 24 * hour);
    expect(points).toHaveLength(17_280);
    let [alarms, isOn] = [0, false];
    for (let atMs = 10 * minute; atMs < 24 * hour; atMs += 5 * minute) {
      const isNear = (predicted(points, atMs, hour) ?? Number.POSITIVE_INFINITY) <= hour;
      if (isNear && !isOn) alarms++;
      isOn = isNear;
    }
    expect(alarms).toBeLessThanOrEqual(1);
  }
});

test("a leak after a high tooth is found once it has passed that tooth", () => {
  const points = sampled((atMs) => (atMs < hour ? 100 + (150 * atMs) / hour : 100 + (80 * (atMs - hour)) / hour), 12 * hour);
  const fullMs = (points.at(-1)?.atMs ?? 0) + 5 * second;
  expect(Math.abs((predicted(points, fullMs - 50 * minute, hour) ?? 0) - 50 * minute)).toBeLessThan(6 * minute);
});

test("where too little is known, nothing is predicted", () => {
  const rising = sampled((atMs) => 100 + atMs / minute, 29 * minute);
  expect(timeUntilFull(rising, limit, hour)).toBeNull();
  expect(timeUntilFull([], limit, hour)).toBeNull();
  expect(timeUntilFull(rising, 0, minute)).toBeNull();
  const holes = sampled((atMs) => 100 + atMs / minute, hour).filter(({ atMs }) => atMs < 10 * minute || atMs > 50 * minute);
  expect(timeUntilFull(holes, limit, hour)).toBeNull();
  expect(hasComeDown([])).toBeFalse();
});

test("a value that is level, or falls, is never full, and one at its limit is full now", () => {
  const level = sampled(() => 300, hour);
  expect(timeUntilFull(level, limit, hour)).toBe(Number.POSITIVE_INFINITY);
  expect(
    timeUntilFull(
      sampled((atMs) => 400 - atMs / minute, hour),
      limit,
      hour,
    ),
  ).toBe(Number.POSITIVE_INFINITY);
  expect(timeUntilFull([...level, { atMs: hour, least: limit, most: limit }], limit, hour)).toBe(0);
});

test("the memory of a real process that leaks reaches the limit when it was predicted", async () => {
  // With each line that it reads, it holds 4 MB more, and makes as much garbage: one sample of 5 s, as fast as the machine can.
  const leak = `const kept = []; for await (const _ of console) {
    kept.push(Buffer.alloc(4194304, 1)); for (let i = 0; i < 500; i++) Buffer.alloc(1000, 2); process.stdout.write("."); }`;
  const child = Bun.spawn([process.execPath, "-e", leak], { stdio: ["pipe", "pipe", "ignore"] });
  children.push(child);
  const answers = child.stdout.getReader();
  const points: TrendPoint[] = [];
  const sample = async () => {
    child.stdin.write("\n");
    await child.stdin.flush();
    await answers.read();
    const megabytes = (Number(readFileSync(`/proc/${child.pid}/statm`, "utf8").split(" ")[1]) * 4096) / 1e6;
    points.push({ atMs: points.length * 5 * second, least: megabytes, most: megabytes });
    return megabytes;
  };
  for (let i = 0; i < 120; i++) await sample();
  const from = points.length;
  for (let i = 0; i < 120; i++) await sample();
  const [asked, full] = [points.length, (points.at(-1)?.most ?? 0) + 480];
  const ms = timeUntilFull(points.slice(from), full, 10 * minute) ?? Number.NaN;
  while (points.length < 1000 && (await sample()) < full);
  const realMs = (points.length - asked) * 5 * second;
  expect(Math.abs(ms - realMs) / realMs).toBeLessThan(0.1);
}, 60_000);
