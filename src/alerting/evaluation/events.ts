// Whether an event of a service has happened, such as a failure. Pure.
import { harmless } from "../../base/text.ts";
import { countSince, type ServiceFacts } from "../rules/facts.ts";
import type { EventName } from "../rules/table.ts";
import type { Condition } from "./states.ts";

/** A service that restarted this often in this time crashes in a loop; without a restart for the same time it no longer does. */
const loop = { restarts: 3, ms: 60_000 };
const quietMs = 60_000;

type EventSeen = {
  condition: Condition;
  sentence: () => string;
  clearForMs?: number;
  run?: string | null;
  sinceMs?: number | null;
  value?: number | null;
};

export const seenBy: Record<EventName, (facts: ServiceFacts, nowMs: number) => EventSeen> = {
  failed({ name, state, end, endedRun, changedMs }) {
    const condition = state === "failed" ? "breached" : state === "active" || state === "inactive" ? "clear" : "unknown";
    return { condition, run: endedRun, sinceMs: changedMs, sentence: () => `${name} failed${reasonText(end)}` };
  },
  oom({ name, state, isOutOfMemory, endedRun }) {
    const sentence = () => `${name} was killed, because it needed more memory than it may use`;
    if (isOutOfMemory) return { condition: "breached", run: endedRun, sentence };
    if (state === "inactive") return { condition: "clear", sentence };
    return { condition: state === "active" ? "clear" : "unknown", clearForMs: quietMs, sentence };
  },
  crashLoop({ name, state, restartsMs, end }, nowMs) {
    const value = countSince(restartsMs, nowMs - loop.ms);
    const sentence = () => `${name} crashes in a loop: it restarted ${value} times within the last minute${reasonText(end)}`;
    if (state === "inactive") return { condition: "clear", value, sentence };
    if (value >= loop.restarts) return { condition: "breached", value, sentence };
    return { condition: state === "active" && value === 0 ? "clear" : "between", value, sentence };
  },
  health({ name, state, health, healthReason, isChecked }) {
    const sentence = () => `${name} is unhealthy${reasonText(healthReason)}`;
    if (state === "inactive") return { condition: "clear", sentence };
    if (state !== "active") return { condition: "unknown", sentence };
    // Without a check the only port that a service listens on is probed, and it may open one soon.
    if (health === "unknown") return isChecked ? { condition: "unknown", sentence } : { condition: "clear", clearForMs: quietMs, sentence };
    return { condition: health === "unhealthy" ? "breached" : "clear", sentence };
  },
};

const maxReason = 300;

/** A reason may hold what a service has written. */
function reasonText(reason: string | null): string {
  return reason === null ? "" : `: ${harmless(reason).slice(0, maxReason)}`;
}
