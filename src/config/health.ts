// Parses the settings of the health probes.
import { usage } from "../base/errors.ts";
import { parseDuration, parseWhole } from "../base/quantities.ts";

/** `unhealthyAfter` and `healthyAfter` are numbers of probes in a row. */
export type HealthSettings = { intervalMs: number; timeoutMs: number; unhealthyAfter: number; healthyAfter: number };

export const defaultHealth: HealthSettings = { intervalMs: 10_000, timeoutMs: 5000, unhealthyAfter: 3, healthyAfter: 1 };

export const healthParsers = {
  intervalMs: (text, what) => between(text, what, [1000, "1s"], [3_600_000, "1h"]),
  timeoutMs: (text, what) => between(text, what, [100, "100ms"], [60_000, "1m"]),
  unhealthyAfter: (text, what) => parseWhole(text, what, 1, 100),
  healthyAfter: (text, what) => parseWhole(text, what, 1, 100),
} satisfies { [K in keyof HealthSettings]: (text: string, what: string) => HealthSettings[K] };

function between(text: string, what: string, [minMs, min]: [number, string], [maxMs, max]: [number, string]): number {
  const ms = parseDuration(text, what);
  if (ms < minMs || ms > maxMs) throw usage(`${what} must be from ${min} to ${max} (got '${text}')`);
  return ms;
}
