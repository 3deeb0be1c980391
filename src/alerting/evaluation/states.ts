// The states of an alert as a table, and one step through it. Pure.

/** `clearing`: it still counts as firing until its condition has been false for the whole `for`. */
export const alertStates = ["pending", "firing", "clearing"] as const;
export type AlertState = (typeof alertStates)[number];

/**
 * What one evaluation says of the condition of a rule. `between`: the value lies below the threshold, but not far enough to
 * count as good again. `unknown`: there is no value, which never fires an alert, and ends one only after an hour (alerts.ts).
 */
export type Condition = "breached" | "between" | "clear" | "unknown";

/** `-for`: the condition has lasted for the `for` of its rule. `gone`: the rule or its service no longer exists. */
type Event = Condition | "breached-for" | "clear-for" | "gone";

type Cell = { next: AlertState | "none"; tell?: "firing" | "resolved" };

const stay = (next: AlertState | "none"): Cell => ({ next });
const fire: Cell = { next: "firing", tell: "firing" };
const resolve: Cell = { next: "none", tell: "resolved" };

// biome-ignore format: a table is read by its columns
const table = {
  none:     { breached: stay("pending"), "breached-for": fire,           between: stay("none"),   clear: stay("none"),     "clear-for": stay("none"), unknown: stay("none"),     gone: stay("none") },
  pending:  { breached: stay("pending"), "breached-for": fire,           between: stay("none"),   clear: stay("none"),     "clear-for": stay("none"), unknown: stay("pending"),  gone: stay("none") },
  firing:   { breached: stay("firing"),  "breached-for": stay("firing"), between: stay("firing"), clear: stay("clearing"), "clear-for": resolve,      unknown: stay("firing"),   gone: resolve },
  clearing: { breached: stay("firing"),  "breached-for": stay("firing"), between: stay("firing"), clear: stay("clearing"), "clear-for": resolve,      unknown: stay("clearing"), gone: resolve },
} as const satisfies Record<AlertState | "none", Record<Event, Cell>>;

/** `sinceMs`: when the present state began, by the monotonic clock. */
export type Phase = { state: AlertState; sinceMs: number };

export type Step = { phase: Phase | null; tell: "firing" | "resolved" | null };

export function stepOf(before: Phase | null, condition: Condition | "gone", { nowMs, forMs }: { nowMs: number; forMs: number }): Step {
  const state = before?.state ?? "none";
  const event = eventOf(before, condition, nowMs, forMs);
  const { next, tell }: Cell = table[state][event];
  if (next === "none") return { phase: null, tell: tell ?? null };
  return { phase: { state: next, sinceMs: next === state && before !== null ? before.sinceMs : nowMs }, tell: tell ?? null };
}

function eventOf(before: Phase | null, condition: Condition | "gone", nowMs: number, forMs: number): Event {
  if (condition !== "breached" && condition !== "clear") return condition;
  const isTimed = before?.state === (condition === "breached" ? "pending" : "clearing");
  const lastedMs = isTimed && before !== null ? nowMs - before.sinceMs : 0;
  return lastedMs >= forMs ? `${condition}-for` : condition;
}
