// Tells that services have failed while no agent runs: one evaluation of the alerts, with the state that the agent keeps on disk.
import { closeSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import type { AlertsInForce } from "../alerting/config/in-force.ts";
import { Alerts, messageOf } from "../alerting/evaluation/alerts.ts";
import { readKept, writeKept } from "../alerting/evaluation/kept.ts";
import { observationsOf, type ServiceFacts } from "../alerting/evaluation/observation.ts";
import { Restarts } from "../alerting/evaluation/restarts.ts";
import { QuietNow } from "../alerting/evaluation/silences.ts";
import type { AlertMessage } from "../alerting/message.ts";
import { appendAlertHistory } from "../alerting/spool/history.ts";
import type { Backend, Reading } from "../backend/backend.ts";
import { takeLock } from "../base/lock.ts";
import type { Outcome, Registry } from "../service/registry.ts";
import { howEnded } from "../status/ended.ts";

export type FailureDeps = {
  backend: Pick<Backend, "read">;
  registry: Pick<Registry, "names" | "actingOn" | "outcomes">;
  inForce: AlertsInForce;
  /** The directory of the state. */
  state: string;
  put: (message: AlertMessage) => void;
};

/** What can be told without samples. */
const rulesHere = new Set(["failed", "oom"]);

/**
 * Writes new failures to the spool. Returns how many events have to be told later, because they are sent together with others, or
 * because a command acts on their service; null where an agent runs, which tells everything itself.
 */
export async function tellFailures({ backend, registry, inForce, state, put }: FailureDeps): Promise<number | null> {
  const readings = await backend.read(registry.names());
  // The agent must not change the state of the alerts at the same time.
  const lock = await takeLock(join(state, "agent.lock"), 0);
  if (lock === null) return null;
  try {
    const clock = { nowMs: performance.now(), atMs: Date.now() };
    const kept = readKept(state);
    const alerts = new Alerts(kept, clock);
    const before = alerts.version;
    inForce.refresh();
    const outcomes = registry.outcomes();
    for (const reading of readings) {
      const { events } = inForce.rulesOf(reading.name);
      const rules = { thresholds: [], events: events.filter(({ name }) => rulesHere.has(name)), custom: [] };
      const isFailedTold = rules.events.some(({ name }) => name === "failed");
      alerts.observe(
        observationsOf(factsOf(reading, outcomes.get(reading.name) ?? null, isFailedTold), rules, { figures: null }, clock.nowMs),
        clock,
      );
    }
    const acting = registry.actingOn();
    const quiet = new QuietNow(state);
    quiet.refresh();
    const due = alerts.release(
      {
        cooldownMs: inForce.config.cooldownSeconds * 1000,
        isSilenced: (subject) => acting.has(subject) || quiet.isSilenced(subject, clock.atMs),
        isAcked: (id) => quiet.ackedBy(id) !== null,
      },
      clock,
    );
    for (const events of due) put(messageOf(events, hostname(), clock.atMs));
    const now = alerts.kept(clock);
    if (alerts.version !== before) writeKept(state, { ...now, restarts: new Restarts(kept, clock).kept(clock.nowMs) });
    // Last, because the state matters more than the history where one of them cannot be written.
    if (due.length > 0) appendAlertHistory(state, due.flat());
    const held = now.alerts.filter((alert) => alert.state === "firing" && !alert.isTold && acting.has(alert.subject));
    return now.waiting.length + held.length;
  } finally {
    closeSync(lock);
  }
}

function factsOf(reading: Reading, outcome: Outcome | null, isFailedTold: boolean): ServiceFacts {
  return {
    name: reading.name,
    ...howEnded(reading, outcome, isFailedTold),
    health: "unknown",
    healthReason: null,
    isChecked: true,
    changedMs: null,
    restartsMs: [],
    memoryLimitBytes: null,
    cpuLimitPercent: null,
    uptimePercent: null,
    figures: null,
  };
}
