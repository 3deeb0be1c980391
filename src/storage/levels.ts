// How finely the past is kept, and for how long; pure.
import { usage } from "../base/errors.ts";
import { parseDuration, parseWhole } from "../base/quantities.ts";

/** So many snapshots, or those that are no older. */
export type Keep = { snapshots: number } | { ageMs: number };

/** The first level holds the samples as they came. */
export type Level = { stepMs: number; keep: Keep };

export type Keeping = { intervalMs: number; raw: Keep; minutes: Keep; tens: Keep; hours: Keep };

export const defaultKeeping: Keeping = {
  intervalMs: 5000,
  raw: { snapshots: 1000 },
  minutes: { snapshots: 1000 },
  tens: { snapshots: 1000 },
  hours: { snapshots: 1000 },
};

export function levelsOf({ intervalMs, raw, minutes, tens, hours }: Keeping): Level[] {
  return [
    { stepMs: intervalMs, keep: raw },
    { stepMs: 60_000, keep: minutes },
    { stepMs: 600_000, keep: tens },
    { stepMs: 3_600_000, keep: hours },
  ];
}

const maxSnapshots = 1_000_000;
const maxAgeMs = 10 * 366 * 86_400_000;

/** `1000` is so many snapshots, `7d` an age. */
export function parseKeep(text: string, what: string): Keep {
  if (/^\d+$/.test(text.trim())) return { snapshots: parseWhole(text, what, 1, maxSnapshots) };
  const ageMs = parseDuration(text, what);
  if (ageMs < 1000 || ageMs > maxAgeMs) throw usage(`${what} cannot be '${text}': from 1s to 3660d, or a number of snapshots, is needed`);
  return { ageMs };
}

/** How long a level reaches back when nothing was missed. */
export function spanOf({ stepMs, keep }: Level): number {
  return "ageMs" in keep ? keep.ageMs : keep.snapshots * stepMs;
}

/** One follows the other without a gap. A clock that was set, in either direction, is one. */
export function follows(beforeMs: number, nowMs: number, stepMs: number): boolean {
  return nowMs > beforeMs && nowMs - beforeMs <= 3 * stepMs;
}
