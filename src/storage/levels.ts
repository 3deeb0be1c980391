// How finely the past is kept, and for how long; pure.

/** So many snapshots, or those that are no older. */
export type Keep = { snapshots: number } | { ageMs: number };

/** Samples as they came, and steps of 1 min, 10 min and 1 h made of them. */
export type Keeping = { intervalMs: number; raw: Keep; minutes: Keep; tens: Keep; hours: Keep };

export const defaultKeeping: Keeping = {
  intervalMs: 5000,
  raw: { snapshots: 1000 },
  minutes: { snapshots: 1000 },
  tens: { snapshots: 1000 },
  hours: { snapshots: 1000 },
};

/** The first level holds the samples as they came. */
export type Level = { stepMs: number; keep: Keep };

export function levelsOf({ intervalMs, raw, minutes, tens, hours }: Keeping): Level[] {
  return [
    { stepMs: intervalMs, keep: raw },
    { stepMs: 60_000, keep: minutes },
    { stepMs: 600_000, keep: tens },
    { stepMs: 3_600_000, keep: hours },
  ];
}

/** How long a level reaches back when nothing was missed. */
export function spanOf({ stepMs, keep }: Level): number {
  return "ageMs" in keep ? keep.ageMs : keep.snapshots * stepMs;
}

/** One follows the other without a gap. A clock that was set, in either direction, is one. */
export function follows(beforeMs: number, nowMs: number, stepMs: number): boolean {
  return nowMs > beforeMs && nowMs - beforeMs <= 3 * stepMs;
}
