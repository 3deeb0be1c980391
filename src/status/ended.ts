// How a service ended, as the rules of alerts see it: the agent and bs9-alert.service must judge the same reading alike. Pure.
import type { Reading, State } from "../backend/backend.ts";
import { endings } from "../backend/ended.ts";
import type { Outcome } from "../service/registry.ts";
import { stateAfterOutcome } from "./status.ts";

type HowEnded = { state: State; end: string | null; endedRun: string | null; isOutOfMemory: boolean };

/** `isToldAsFailed`: the rule on failures is on, so an end for memory is told as a failure and not a second time. */
export function howEnded({ state: read, end, run }: Reading, outcome: Outcome | null, isToldAsFailed: boolean): HowEnded {
  const state = stateAfterOutcome(read, outcome);
  return {
    state,
    end: end ?? outcome?.cause ?? null,
    endedRun: run ?? outcome?.at ?? null,
    isOutOfMemory: state === "failed" && !isToldAsFailed && end === endings.outOfMemory,
  };
}
