// Availability from a real metrics.db, with young services and times that nobody watched.
import { afterEach, expect, test } from "bun:test";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { availabilityOf } from "../../src/lifecycle/stored.ts";
import type { Sample } from "../../src/metrics/sample.ts";
import { openSqliteReader } from "../../src/storage/sqlite/reader.ts";
import { openSqlite } from "../../src/storage/sqlite/sqlite.ts";
import { tempDir } from "../harness.ts";
import { beginMs, sample } from "../storage/samples.ts";

const cleanUp: (() => unknown)[] = [];
afterEach(async () => {
  for (const act of cleanUp.splice(0).toReversed()) await act();
});

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;
/** One tick a minute, so that long times need few ticks. */
const keeping = {
  intervalMs: minuteMs,
  raw: { snapshots: 1000 },
  minutes: { snapshots: 1000 },
  tens: { snapshots: 1000 },
  hours: { snapshots: 1000 },
};

type Stretch = [fromMs: number, toMs: number, ...samples: Sample[]];
const up = sample("web", 1);
const other = sample("other", 1);

const told = (nowMs: number, ...stretches: Stretch[]) => toldSince(Number.NEGATIVE_INFINITY, nowMs, ...stretches);

/** `deletedMs` is the time at which an earlier service of the same name was deleted. */
async function toldSince(deletedMs: number, nowMs: number, ...stretches: Stretch[]) {
  const folder = tempDir();
  cleanUp.push(() => rmSync(folder, { recursive: true, force: true }));
  const path = join(folder, "metrics.db");
  let tickMs = 0;
  const storage = await openSqlite(path, { keeping, now: () => tickMs, minFreeBytes: 0 });
  for (const [fromMs, toMs, ...samples] of stretches)
    for (tickMs = beginMs + fromMs; tickMs <= beginMs + toMs; tickMs += minuteMs) await storage.append({ atMs: tickMs, samples });
  await storage.close();
  const reader = openSqliteReader(path, keeping);
  cleanUp.push(() => reader.close());
  return await availabilityOf("web", Math.max(0, beginMs + deletedMs), { storage: reader, now: () => beginMs + nowMs });
}

const iso = (ms: number) => new Date(beginMs + ms).toISOString();

test("a service that bs9 has never observed has no availability", async () => {
  expect(await told(hourMs)).toBeNull();
  expect(await told(hourMs, [0, hourMs, other])).toBeNull();
});

test("the availability of a service younger than a day counts from the first time bs9 observed the service", async () => {
  const one = await told(25 * hourMs, [0, 24 * hourMs, other], [24 * hourMs + minuteMs, 25 * hourMs, other, up]);
  const young = { since: iso(24 * hourMs + minuteMs), upMs: 59 * minuteMs, unknownMs: 0, uptimeRatio: 1 };
  expect(one).toMatchObject({ day: young, month: young });
});

test("the availability of a service does not include an earlier service of the same name", async () => {
  const stretches: Stretch[] = [
    [0, hourMs, up],
    [2 * hourMs, 3 * hourMs, up],
  ];
  expect((await told(3 * hourMs, ...stretches))?.day.since).toBe(iso(0));
  const successor = await toldSince(hourMs + minuteMs, 3 * hourMs, ...stretches);
  expect(successor?.day).toMatchObject({ since: iso(2 * hourMs), upMs: hourMs });
  expect(await toldSince(3 * hourMs, 3 * hourMs, ...stretches)).toBeNull();
});

test("time in which bs9 did not observe a service counts as unknown, not as up", async () => {
  const one = await told(10 * hourMs, [0, hourMs, up], [4 * hourMs, 10 * hourMs, up]);
  expect(one?.day).toMatchObject({ since: iso(0), upMs: 7 * hourMs, unknownMs: 3 * hourMs, uptimeRatio: 1 });
});

test("a service that nobody has watched for a day has no uptime ratio for that day", async () => {
  const one = await told(3 * dayMs, [0, hourMs, up]);
  expect(one?.day).toMatchObject({ since: iso(2 * dayMs), upMs: 0, unknownMs: dayMs, uptimeRatio: null });
  expect(one?.month).toMatchObject({ since: iso(0), upMs: hourMs, unknownMs: 3 * dayMs - hourMs });
});

test("a service first seen before the month counts for the whole month, even if nobody watched most of it", async () => {
  const one = await told(35 * dayMs, [0, hourMs, up], [34 * dayMs, 35 * dayMs, up]);
  expect(one?.month).toMatchObject({ since: iso(5 * dayMs), upMs: dayMs, unknownMs: 29 * dayMs });
  expect(one?.day).toMatchObject({ since: iso(34 * dayMs), upMs: dayMs, unknownMs: 0 });
});

test("an outage reduces the availability only of ranges that contain it", async () => {
  const failed = sample("web", 1, { state: "failed" });
  const back = sample("web", 1, { restarts: 1 });
  const one = await told(
    3 * dayMs,
    [0, dayMs, up],
    [dayMs + minuteMs, dayMs + 10 * minuteMs, failed],
    [dayMs + 11 * minuteMs, 3 * dayMs, back],
  );
  expect(one?.day).toMatchObject({ downMs: 0, recoveries: 0, uptimeRatio: 1 });
  expect(one?.month).toMatchObject({ downMs: 10 * minuteMs, recoveries: 1, meanRecoveryMs: 10 * minuteMs });
  expect(one?.month.uptimeRatio).toBeCloseTo(1 - (10 * minuteMs) / (3 * dayMs), 9);
});
