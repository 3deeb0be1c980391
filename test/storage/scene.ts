// A storage with a clock that only the test moves, and helpers on points for tests.
import { afterEach, expect } from "bun:test";
import { defaultKeeping, type Keeping } from "../../src/config/keeping.ts";
import type { Sample } from "../../src/metrics/sample.ts";
import { hostName } from "../../src/metrics/subject.ts";
import type { Point, Range, Storage, StorageRow } from "../../src/storage/storage.ts";
import { beginMs, hostSample, intervalMs, sample, samplesOf } from "./samples.ts";

/** Opens a storage; opened a second time, it has the data from before it was closed. */
export type Place = { open(keeping: Keeping, now: () => number): Promise<Storage>; remove(): Promise<void> };

export const always: Range = { fromMs: 0, toMs: Number.MAX_SAFE_INTEGER };

export function stage(makePlace: () => Place) {
  const closing: (() => Promise<void>)[] = [];
  afterEach(async () => {
    for (const close of closing.splice(0).toReversed()) await close();
  });

  return async (keeping: Partial<Keeping> = {}) => {
    const place = makePlace();
    const clock = { nowMs: beginMs };
    const whole = { ...defaultKeeping, ...keeping };
    const it = { storage: await place.open(whole, () => clock.nowMs) };
    closing.push(place.remove, () => it.storage.close());
    let n = 0;
    return {
      clock,
      get storage() {
        return it.storage;
      },
      /** Appends `count` ticks, an interval apart; returns the number of all ticks so far. */
      async ticks(count: number, make: (n: number) => Sample[] = (i) => samplesOf(3, i)) {
        for (let i = 0; i < count; i++) {
          expect(await it.storage.append({ atMs: clock.nowMs, samples: make(n), host: hostSample(n) })).toEqual({ stored: true });
          await it.storage.turn();
          clock.nowMs += intervalMs;
          n++;
        }
        return n;
      },
      async reopen() {
        await it.storage.close();
        it.storage = await place.open(whole, () => clock.nowMs);
      },
    };
  };
}

export async function answers(storage: Storage): Promise<unknown> {
  return [
    await storage.services(),
    await storage.newest(null),
    await storage.newest(hostName),
    await storage.series(hostName, always, 60_000),
    await all(storage.rows(always, hostName)),
    await storage.series("s1", always, 60_000),
    await all(storage.rows(always, null)),
    await storage.watches("s1", always),
  ];
}

export async function all(rows: AsyncIterable<StorageRow>): Promise<StorageRow[]> {
  return await Array.fromAsync(rows);
}

export function times(fromMs: number, count: number): number[] {
  return Array.from({ length: count }, (_, i) => beginMs + fromMs + i * intervalMs);
}

export function samplesFrom(count: number, first: number): Sample[] {
  return Array.from({ length: count }, (_, i) => sample("s", first + i));
}

export function isRising(points: readonly Point[]): boolean {
  return points.every(({ atMs }, i) => i === 0 || atMs > (points[i - 1]?.atMs ?? atMs));
}

export function total<K extends string>(points: readonly { [key in K]?: number | null }[], name: K): number {
  return points.reduce((sum, point) => sum + (point[name] ?? 0), 0);
}
