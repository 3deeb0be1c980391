// What the probes of one run of a service come to: each result moves the verdict, thresholds both ways; pure.
import type { HealthSettings } from "../config/health.ts";
import type { Health } from "../metrics/sample.ts";

export type HealthOf = {
  health: Health;
  /** Of the last probe, where it succeeded; null where it failed, and before the first. */
  latencyMs: number | null;
  /** Why the last probe failed; null where it has not. */
  reason: string | null;
  /** When health became what it is, by the monotonic clock. */
  sinceMs: number;
};

/** With the failures and successes in a row up to now. */
export type Verdict = HealthOf & { failures: number; successes: number };

export type Probed = {
  /** Null: it succeeded. */
  reason: string | null;
  latencyMs: number;
  atMs: number;
  /** It began while the service might still have been starting. */
  inGrace: boolean;
};

export function unjudged(sinceMs: number): Verdict {
  return { health: "unknown", latencyMs: null, reason: null, sinceMs, failures: 0, successes: 0 };
}

export function judged(before: Verdict, probed: Probed, settings: HealthSettings): Verdict {
  const counted = probed.reason === null ? succeeded(before, probed.latencyMs, settings) : failed(before, probed, settings);
  return { ...counted, reason: probed.reason, sinceMs: counted.health === before.health ? before.sinceMs : probed.atMs };
}

type Counted = Pick<Verdict, "health" | "latencyMs" | "failures" | "successes">;

/** The first success of all is enough, and ends the grace. */
function succeeded(before: Verdict, latencyMs: number, { healthyAfter }: HealthSettings): Counted {
  const successes = before.successes + 1;
  const isEnough = before.health === "unknown" || successes >= healthyAfter;
  return { health: isEnough ? "healthy" : before.health, latencyMs, failures: 0, successes };
}

function failed(before: Verdict, { inGrace }: Probed, { unhealthyAfter }: HealthSettings): Counted {
  if (before.health === "unknown" && inGrace) return before;
  const failures = before.failures + 1;
  return { health: failures >= unhealthyAfter ? "unhealthy" : before.health, latencyMs: null, failures, successes: 0 };
}
