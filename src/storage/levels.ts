// The retention: how fine samples are kept and for how long, how long and how many changes of state are kept, and by which clock
// data expires. Pure.
import type { Keep, Keeping } from "../config/keeping.ts";

/**
 * The first level of the history holds single samples; each coarser level combines several points of the level before it into
 * one.
 */
export type RetentionLevel = { stepMs: number; keep: Keep };

export function levelsOf({ intervalMs, raw, minutes, tens, hours }: Keeping): RetentionLevel[] {
  return [
    { stepMs: intervalMs, keep: raw },
    { stepMs: 60_000, keep: minutes },
    { stepMs: 600_000, keep: tens },
    { stepMs: 3_600_000, keep: hours },
  ];
}

/** The age and the number of state changes that are kept of one service; a service that crashes for a month has more. */
export const seenKeep = { ageMs: 42 * 86_400_000, perService: 5000, watches: 50_000 };

/**
 * Data expires only by a clock that was watched for `watchedMs`, so that a clock that is wrong for minutes deletes nothing.
 * `watches`: how many of the latest watches are looked at.
 */
export const trustedClock = { watchedMs: 3_600_000, watches: 1000 };

/**
 * The time by which data expires: the earliest of the wall clock and the ends of the watches that make up the last hour watched.
 * Returns 0, by which nothing expires, if the watches are shorter than an hour together.
 */
export function trustedClockMs(clockMs: number, latestFirst: Iterable<{ fromMs: number; toMs: number }>): number {
  let watchedMs = 0;
  let earliestMs = clockMs;
  for (const { fromMs, toMs } of latestFirst) {
    watchedMs += toMs - fromMs;
    earliestMs = Math.min(earliestMs, toMs);
    if (watchedMs >= trustedClock.watchedMs) return earliestMs;
  }
  return 0;
}

/** The points of a level that have expired: those up to a sequence number, or those older than a time. `lastSeq`: the latest point. */
export function expiredOf({ keep }: RetentionLevel, lastSeq: number, nowMs: number): { upToSeq: number } | { olderThanMs: number } {
  return "snapshots" in keep ? { upToSeq: lastSeq - keep.snapshots } : { olderThanMs: nowMs - keep.ageMs };
}

/** How far back in time a level of the history reaches if no tick was missed. */
export function spanOf({ stepMs, keep }: RetentionLevel): number {
  return "ageMs" in keep ? keep.ageMs : keep.snapshots * stepMs;
}

/** True if there is no gap between the two times. A clock that was set, in either direction, makes a gap. */
export function follows(beforeMs: number, nowMs: number, stepMs: number): boolean {
  return nowMs > beforeMs && nowMs - beforeMs <= 3 * stepMs;
}
