// From the states seen of a service: how long it was up, how often it was down and how fast it came back. Pure.
import type { Range, SeenState, WatchedSpan } from "./storage.ts";

export type Availability = {
  upMs: number;
  downMs: number;
  /**
   * Time that counts neither as up nor as down: the user had stopped the service, it was starting after that, or it was still
   * ending when bs9 last observed it.
   */
  stoppedMs: number;
  /** Time in which bs9 did not observe the service, or the service did not exist. */
  unknownMs: number;
  /** Up time as a share of up and down time; null if both are 0. */
  uptimeRatio: number | null;
  /** How often the service went down and came back, with both moments seen. */
  recoveries: number;
  meanRecoveryMs: number | null;
};

type Condition = "up" | "down" | "stopped" | "unknown";
type Stretch = Range & { condition: Condition };

export function availability(watches: readonly WatchedSpan[], range: Range): Availability {
  const totals: Record<Condition, number> = { up: 0, down: 0, stopped: 0, unknown: 0 };
  const recoveries: number[] = [];
  const laterMs = beginsAfter(watches);
  for (const [i, watch] of watches.entries()) {
    // After the clock was set back, two watches cover the same time: the watch that began later counts.
    const later = (laterMs[i] ?? 0) < watch.toMs ? watches.slice(i + 1) : [];
    const stretches = stretchesOf(watch);
    for (const { condition, ...stretch } of stretches)
      for (const part of without(clip(stretch, range), later)) totals[condition] += part.toMs - part.fromMs;
    recoveries.push(...recoveriesIn(stretches, range));
  }
  const rangeMs = Math.max(0, range.toMs - range.fromMs);
  const { up: upMs, down: downMs, stopped: stoppedMs } = totals;
  return {
    upMs,
    downMs,
    stoppedMs,
    unknownMs: Math.max(0, rangeMs - upMs - downMs - stoppedMs),
    uptimeRatio: upMs + downMs === 0 ? null : upMs / (upMs + downMs),
    recoveries: recoveries.length,
    meanRecoveryMs: recoveries.length === 0 ? null : recoveries.reduce((sum, ms) => sum + ms, 0) / recoveries.length,
  };
}

/**
 * For each watch (a time without a gap in which bs9 observed the services), the earliest begin of all later watches. Computed
 * once, because there may be thousands of watches.
 */
function beginsAfter(watches: readonly WatchedSpan[]): Float64Array {
  const begins = new Float64Array(watches.length).fill(Number.POSITIVE_INFINITY);
  for (let i = watches.length - 2; i >= 0; i--)
    begins[i] = Math.min(begins[i + 1] ?? Number.POSITIVE_INFINITY, watches[i + 1]?.fromMs ?? Number.POSITIVE_INFINITY);
  return begins;
}

/** Neighbouring stretches of the same condition are merged. */
function stretchesOf({ toMs, seen }: WatchedSpan): Stretch[] {
  const stretches: Stretch[] = [];
  for (const [i, one] of seen.entries()) {
    const last = stretches.at(-1);
    const condition = conditionOf(one, seen, i, last?.condition ?? "unknown");
    const endMs = Math.max(one.atMs, seen[i + 1]?.atMs ?? toMs);
    if (last !== undefined && last.condition === condition) last.toMs = endMs;
    else stretches.push({ condition, fromMs: one.atMs, toMs: endMs });
  }
  return stretches;
}

function conditionOf({ state, health }: SeenState, seen: readonly SeenState[], i: number, before: Condition): Condition {
  switch (state) {
    case null:
      return "unknown";
    case "active":
      return health === "unhealthy" || (before === "down" && isLeaving(seen, i)) ? "down" : "up";
    case "failed":
      return "down";
    case "activating":
      // A first start is not an outage; a start after a crash or an outage is part of one.
      return before === "up" || before === "down" || hasRisen(seen, i - 1, i) ? "down" : "stopped";
    case "deactivating":
      return isOutage(seen, i, before) ? "down" : "stopped";
    case "inactive":
      if (seen[i - 1]?.state === "inactive") return before;
      return isPassing(seen, i) ? "down" : "stopped";
  }
}

/** `systemctl restart` makes a service inactive for a moment; one that is inactive for longer than this was stopped. */
const passingMs = 10_000;

/** True for an unhealthy service just before its restart: its health is unknown for a moment, but it has not recovered. */
function isLeaving(seen: readonly SeenState[], i: number): boolean {
  const [before, one, next] = [seen[i - 1], seen[i], seen[i + 1]];
  if (before?.state !== "active" || one?.health !== "unknown" || next === undefined) return false;
  return next.state !== "active" && next.state !== null && next.atMs - one.atMs <= passingMs;
}

/** True if a stopping service crashed or is restarted for its health: the restart counter rises. Else the user asked for it. */
function isOutage(seen: readonly SeenState[], i: number, before: Condition): boolean {
  const end = settledFrom(seen, i + 1);
  if (hasRisen(seen, baseOf(seen, i), end)) return true;
  const state = seen[end]?.state ?? null;
  if (state === "inactive") return isPassing(seen, end);
  // Without a restart counter nothing shows that the user asked for the restart, so it counts as an outage.
  const isCounted = seen.slice(i, end + 1).some(({ restarts }) => restarts !== null);
  return (before === "up" || before === "down") && (state === "failed" || (state === "active" && !isCounted));
}

/** True if an inactive service was not stopped by the user: it crashed or was unhealthy, and a counted restart follows soon. */
function isPassing(seen: readonly SeenState[], i: number): boolean {
  let next = i + 1;
  while (seen[next]?.state === "inactive") next++;
  const [from, to] = [seen[i]?.atMs, seen[next]?.atMs];
  if (from === undefined || to === undefined || to - from > passingMs) return false;
  return hasRisen(seen, baseOf(seen, i), settledFrom(seen, next));
}

const isSettled = ({ state }: SeenState): boolean => state !== "activating" && state !== "deactivating";

function settledFrom(seen: readonly SeenState[], i: number): number {
  let at = i;
  for (let one = seen[at]; one !== undefined && !isSettled(one); one = seen[++at]);
  return at;
}

/**
 * The index of the last state before `i` with a restart counter and no restart in progress, to compare the counter with; a
 * failed service may already be restarting. Returns `i` if there is no such state.
 */
function baseOf(seen: readonly SeenState[], i: number): number {
  for (let at = i - 1; at >= 0; at--) {
    const one = seen[at];
    if (one === undefined || one.state === null) break;
    if ((one.state === "active" || one.state === "inactive") && one.restarts !== null) return at;
  }
  return i;
}

/** True if the restart counter rose. A counter that fell in between was reset by a manual start, which is not a restart. */
function hasRisen(seen: readonly SeenState[], first: number, last: number): boolean {
  let begin: number | null = null;
  let present: number | null = null;
  for (let i = Math.max(0, first); i <= last; i++) {
    const restarts = seen[i]?.restarts ?? null;
    if (restarts === null) continue;
    if (present !== null && restarts < present) return false;
    begin ??= restarts;
    present = restarts;
  }
  return begin !== null && present !== null && present > begin;
}

/** The durations of the outages that ended within the range. */
function recoveriesIn(stretches: readonly Stretch[], range: Range): number[] {
  return stretches.flatMap(({ condition, fromMs, toMs }, i) => {
    const isWhole = condition === "down" && stretches[i - 1]?.condition === "up" && stretches[i + 1]?.condition === "up";
    return isWhole && toMs >= range.fromMs && toMs < range.toMs ? [toMs - fromMs] : [];
  });
}

function clip({ fromMs, toMs }: Range, range: Range): Range {
  return { fromMs: Math.max(fromMs, range.fromMs), toMs: Math.min(toMs, range.toMs) };
}

function without(range: Range, taken: readonly Range[]): Range[] {
  let left = [range];
  for (const { fromMs, toMs } of taken) {
    left = left.flatMap((one) => [
      clip(one, { fromMs: Number.NEGATIVE_INFINITY, toMs: fromMs }),
      clip(one, { fromMs: toMs, toMs: Number.POSITIVE_INFINITY }),
    ]);
    left = left.filter((one) => one.toMs > one.fromMs);
  }
  return left.filter((one) => one.toMs > one.fromMs);
}
