// The retention: how fine samples are kept and for how long, and how long and how many changes of state are kept. Pure.
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

/** How far back in time a level of the history reaches if no tick was missed. */
export function spanOf({ stepMs, keep }: RetentionLevel): number {
  return "ageMs" in keep ? keep.ageMs : keep.snapshots * stepMs;
}

/** True if there is no gap between the two times. A clock that was set, in either direction, makes a gap. */
export function follows(beforeMs: number, nowMs: number, stepMs: number): boolean {
  return nowMs > beforeMs && nowMs - beforeMs <= 3 * stepMs;
}
