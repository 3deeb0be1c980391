// Parses the settings of the history: the interval between two samples, and how long each resolution is kept.
import { usage } from "../base/errors.ts";
import { parseDuration, parseWhole } from "../base/quantities.ts";

/** How much history is kept: this number of samples, or all samples up to this age. */
export type Keep = { snapshots: number } | { ageMs: number };

/** How long to keep the raw samples, and the values per minute, per 10 minutes and per hour that are computed from them. */
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
  if (ms < 1000 || ms > 60_000) throw usage(`${what} must be from 1s to 1m (got '${text}')`);
  return ms;
}

const maxSnapshots = 1_000_000;
const maxAgeMs = 3660 * 86_400_000;

/** `1000` is a number of snapshots, `7d` an age. */
function parseKeep(text: string, what: string): Keep {
  if (/^\d+$/.test(text.trim())) return { snapshots: parseWhole(text, what, 1, maxSnapshots) };
  const ageMs = parseDuration(text, what);
  if (ageMs < 1000 || ageMs > maxAgeMs) throw usage(`${what} must be a number of snapshots, or an age from 1s to 3660d (got '${text}')`);
  return { ageMs };
}
