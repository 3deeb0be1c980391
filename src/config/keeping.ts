// Parses how finely and for how long the history of services is kept.
import { usage } from "../base/errors.ts";
import { parseDuration, parseWhole } from "../base/quantities.ts";

/** This number of snapshots, or all snapshots up to this age. */
export type Keep = { snapshots: number } | { ageMs: number };

/** The raw samples, and steps of 1 min, 10 min and 1 h that are computed from them. */
export type Keeping = { intervalMs: number; raw: Keep; minutes: Keep; tens: Keep; hours: Keep };

export const defaultKeeping: Keeping = {
  intervalMs: 5000,
  raw: { snapshots: 1000 },
  minutes: { snapshots: 1000 },
  tens: { snapshots: 1000 },
  hours: { snapshots: 1000 },
};

export const keepingParsers = {
  intervalMs: parseInterval,
  raw: parseKeep,
  minutes: parseKeep,
  tens: parseKeep,
  hours: parseKeep,
} satisfies { [K in keyof Keeping]: (text: string, what: string) => Keeping[K] };

function parseInterval(text: string, what: string): number {
  const ms = parseDuration(text, what);
  if (ms < 1000 || ms > 60_000) throw usage(`${what} cannot be '${text}': from 1s to 1m is possible`);
  return ms;
}

const maxSnapshots = 1_000_000;
const maxAgeMs = 3660 * 86_400_000;

/** `1000` is a number of snapshots, `7d` an age. */
function parseKeep(text: string, what: string): Keep {
  if (/^\d+$/.test(text.trim())) return { snapshots: parseWhole(text, what, 1, maxSnapshots) };
  const ageMs = parseDuration(text, what);
  if (ageMs < 1000 || ageMs > maxAgeMs) throw usage(`${what} cannot be '${text}': from 1s to 3660d is possible, or a number of snapshots`);
  return { ageMs };
}
