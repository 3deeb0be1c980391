// Turns the probes of one run of a service into a verdict: each result changes it, with thresholds in both directions, and
// failures during the start grace do not count. Pure.
import type { HealthSettings } from "../config/health.ts";
import type { Health } from "../metrics/sample.ts";
import type { Spec } from "../service/spec.ts";

export type HealthOf = {
  health: Health;
  /** The latency of the last probe if it succeeded; null where it failed, and before the first probe. */
  latencyMs: number | null;
  /** Why the last probe failed; null where it succeeded. */
  reason: string | null;
  /** When the health last changed, by the monotonic clock. */
  sinceMs: number;
};

/** The verdict with the current numbers of failures and successes in a row. */
export type HealthVerdict = HealthOf & { failures: number; successes: number };

export type Probed = {
  /** Null where the probe succeeded. */
  reason: string | null;
  latencyMs: number;
  atMs: number;
  /** The probe began within the start grace, while the service might still have been starting. */
  inGrace: boolean;
};

/** The length of the start grace where the service has --wait 0. */
const defaultGraceMs = 30_000;

/** The length of the start grace: as long as a start of the service may take. */
export function graceMsOf({ waitMs }: Pick<Spec, "waitMs">): number {
  return waitMs > 0 ? waitMs : defaultGraceMs;
}

export function unjudged(sinceMs: number): HealthVerdict {
  return { health: "unknown", latencyMs: null, reason: null, sinceMs, failures: 0, successes: 0 };
}

export function judged(before: HealthVerdict, probed: Probed, settings: HealthSettings): HealthVerdict {
  const counted = probed.reason === null ? succeeded(before, probed.latencyMs, settings) : failed(before, probed, settings);
  return { ...counted, reason: probed.reason, sinceMs: counted.health === before.health ? before.sinceMs : probed.atMs };
}

type Counted = Pick<HealthVerdict, "health" | "latencyMs" | "failures" | "successes">;

/** The first success is enough, and ends the start grace. */
function succeeded(before: HealthVerdict, latencyMs: number, { healthyAfter }: HealthSettings): Counted {
  const successes = before.successes + 1;
  const isEnough = before.health === "unknown" || successes >= healthyAfter;
  return { health: isEnough ? "healthy" : before.health, latencyMs, failures: 0, successes };
}

function failed(before: HealthVerdict, { inGrace }: Probed, { unhealthyAfter }: HealthSettings): Counted {
  if (before.health === "unknown" && inGrace) return before;
  const failures = before.failures + 1;
  return { health: failures >= unhealthyAfter ? "unhealthy" : before.health, latencyMs: null, failures, successes: 0 };
}
