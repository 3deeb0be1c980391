// How finely the past is stored, and for how long: samples by level, changes of state by age and number. Pure.
import type { Keep, Keeping } from "../config/keeping.ts";

/** The first level holds the samples as they came. */
export type RetentionLevel = { stepMs: number; keep: Keep };

export function levelsOf({ intervalMs, raw, minutes, tens, hours }: Keeping): RetentionLevel[] {
  return [
    { stepMs: intervalMs, keep: raw },
    { stepMs: 60_000, keep: minutes },
    { stepMs: 600_000, keep: tens },
    { stepMs: 3_600_000, keep: hours },
  ];
}

/** How long changes of state are stored, and how many of them; a crash loop of a month has more than `perService`. */
export const seenKeep = { ageMs: 42 * 86_400_000, perService: 5000, watches: 50_000 };

/** How long a level reaches back when nothing was missed. */
export function spanOf({ stepMs, keep }: RetentionLevel): number {
  return "ageMs" in keep ? keep.ageMs : keep.snapshots * stepMs;
}

/** One follows the other without a gap. A clock that was set, in either direction, is one. */
export function follows(beforeMs: number, nowMs: number, stepMs: number): boolean {
  return nowMs > beforeMs && nowMs - beforeMs <= 3 * stepMs;
}
