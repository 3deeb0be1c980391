// Tells that services have failed while no agent runs: one evaluation of the alerts, with the state that the agent keeps on disk.
import { closeSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import type { AlertsInForce } from "../alerting/config/in-force.ts";
import { Alerts } from "../alerting/evaluation/alerts.ts";
import { decide } from "../alerting/evaluation/decide.ts";
import { readKept } from "../alerting/evaluation/kept.ts";
import { Restarts } from "../alerting/evaluation/restarts.ts";
import { QuietNow } from "../alerting/evaluation/silences.ts";
import type { AlertEvent, AlertMessage } from "../alerting/message.ts";
import { type ServiceFacts, unmeasured } from "../alerting/rules/facts.ts";
import { hasRule, rulesWithoutAgent } from "../alerting/rules/rules.ts";
import { Teller } from "../alerting/spool/tell.ts";
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
  put: (message: AlertMessage) => readonly AlertEvent[];
};

/** `againMs`: when more has to be told, unless something happens before; null where all is told. */
export type ToldFailures = { againMs: number | null };

/** The process that tells failures ends after this time; then the next one, or the agent, goes on. */
export const longestMs = 10 * 60_000;

/** How soon the end of a command is seen that keeps a failure from being told. */
const actingMs = 1000;

/** Writes new failures to the spool. Returns null where an agent runs, which tells everything itself. */
export async function tellFailures({ backend, registry, inForce, state, put }: FailureDeps): Promise<ToldFailures | null> {
  const readings = await backend.read(registry.names());
  // The agent must not change the state of the alerts at the same time.
  const lock = await takeLock(join(state, "agent.lock"), 0);
  if (lock === null) return null;
  try {
    const clock = { nowMs: performance.now(), atMs: Date.now() };
    const kept = readKept(state);
    const alerts = new Alerts(kept, clock);
    const teller = new Teller({ alerts, restarts: new Restarts(kept, clock), state, host: hostname(), put });
    inForce.refresh();
    const outcomes = registry.outcomes();
    const services = readings.map((reading) => {
      const rules = rulesWithoutAgent(inForce.rulesOf(reading.name));
      return { facts: factsOf(reading, outcomes.get(reading.name) ?? null, hasRule(rules, "failed")), rules, passed: null };
    });
    const acting = registry.actingOn();
    const quiet = new QuietNow(state);
    quiet.refresh();
    const telling = quiet.telling({ acting, cooldownSeconds: inForce.config.cooldownSeconds, atMs: clock.atMs });
    const host = { facts: { figures: null }, rules: rulesWithoutAgent(inForce.rulesOfHost()) };
    teller.tell(decide(alerts, { services, host, existing: null }, telling, clock), clock);
    const now = alerts.kept(clock);
    const waits = alerts
      .held(telling, clock)
      .map(({ subject, leftMs }) => Math.max(leftMs, quiet.silenceLeftMs(subject, clock.atMs), acting.has(subject) ? actingMs : 0))
      .filter((ms) => ms <= longestMs);
    // Events that are sent together with others wait for `leftMs`.
    if (now.waiting.length > 0) waits.push(now.leftMs ?? 0);
    return { againMs: waits.length === 0 ? null : Math.ceil(Math.min(...waits)) };
  } finally {
    closeSync(lock);
  }
}

function factsOf(reading: Reading, outcome: Outcome | null, isFailedTold: boolean): ServiceFacts {
  return { ...unmeasured, name: reading.name, ...howEnded(reading, outcome, isFailedTold) };
}
