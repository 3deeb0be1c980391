// How finely the past is kept, and for how long; pure.
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

/** How long a level reaches back when nothing was missed. */
export function spanOf({ stepMs, keep }: RetentionLevel): number {
  return "ageMs" in keep ? keep.ageMs : keep.snapshots * stepMs;
}

/** One follows the other without a gap. A clock that was set, in either direction, is one. */
export function follows(beforeMs: number, nowMs: number, stepMs: number): boolean {
  return nowMs > beforeMs && nowMs - beforeMs <= 3 * stepMs;
}
