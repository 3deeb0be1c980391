// Translates a `Moment` into what the rules of alerts are compared with.
import type { FiguresByName, ServiceFacts } from "../../alerting/rules/facts.ts";
import { hasRule, type RuleSet } from "../../alerting/rules/rules.ts";
import { probeOf } from "../../health/probe.ts";
import type { State } from "../../metrics/sample.ts";
import { howEnded } from "../../status/ended.ts";
import type { Known } from "../collect/services.ts";
import type { Moment } from "../moment.ts";
import type { LookedService } from "./lookouts.ts";

export type ReportedState = { state: State; atMs: number };

export type FactsInput = {
  rules: RuleSet;
  restartsMs: readonly number[];
  looked: LookedService;
  /** The run that the kernel has ended for its memory and that was not told yet; null where there is none. */
  outOfMemory: string | null;
  /** The last state that the backend reported of the service. */
  reported: ReportedState | null;
  /** The sample of this tick; null between ticks. */
  figures: FiguresByName | null;
};

export function factsOf(known: Known, moment: Moment, input: FactsInput): ServiceFacts {
  const { spec, reading, limits } = known;
  const { name } = spec;
  const ended = howEnded(reading, moment.outcomes.get(name) ?? null, hasRule(input.rules, "failed"));
  const { state } = ended;
  const { health, reason } = moment.healthOf(name);
  const isRunning = state === "active" || state === "activating";
  return {
    name,
    state,
    health,
    healthReason: reason,
    isChecked: probeOf(spec, null) !== null,
    end: ended.end,
    endedRun: input.outOfMemory ?? ended.endedRun,
    isOutOfMemory: (input.outOfMemory !== null && isRunning) || ended.isOutOfMemory,
    changedMs: input.reported?.state === state ? input.reported.atMs : null,
    restartsMs: input.restartsMs,
    memoryLimitBytes: limits.memoryBytes?.value ?? null,
    cpuLimitPercent: limits.cpuPercent?.value ?? null,
    ...input.looked,
    figures: input.figures,
  };
}

/**
 * The facts of a service that failed at this time and was started again before it was read: nothing but the report shows that.
 * A service that is restarted automatically may be `failed` for a moment each time, which does not count.
 */
export function passedFailure(facts: ServiceFacts, { spec }: Known, atMs: number): ServiceFacts | null {
  if (facts.state === "failed" || spec.restart.policy !== "no") return null;
  return { ...facts, state: "failed", end: null, endedRun: `passed ${atMs}`, changedMs: atMs, isOutOfMemory: false, figures: null };
}
