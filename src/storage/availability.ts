// What was seen of a service -> how long it was up, how often it was down and how fast it came back; pure.
import type { Range, SeenState, WatchedSpan } from "./storage.ts";

export type Availability = {
  upMs: number;
  downMs: number;
  /** Stopped by somebody, or starting after that, or not done with ending when it was last seen: neither. */
  stoppedMs: number;
  /** Nobody watched, or it was not there. */
  unknownMs: number;
  /** Up, of up and down; null where it was neither. */
  uptimeRatio: number | null;
  /** Times that it was down and came back, both of them seen. */
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
    // Where the clock was set back, what was seen later counts.
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

/** The earliest begin of all watches behind each: most clocks are never set back, and there may be thousands of watches. */
function beginsAfter(watches: readonly WatchedSpan[]): Float64Array {
  const begins = new Float64Array(watches.length).fill(Number.POSITIVE_INFINITY);
  for (let i = watches.length - 2; i >= 0; i--)
    begins[i] = Math.min(begins[i + 1] ?? Number.POSITIVE_INFINITY, watches[i + 1]?.fromMs ?? Number.POSITIVE_INFINITY);
  return begins;
}

/** Neighbours of one condition are one. */
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
      // A first start is no outage; coming back from one, or a crash, is.
      return before === "up" || before === "down" || hasRisen(seen, i - 1, i) ? "down" : "stopped";
    case "deactivating":
      return isOutage(seen, i, before) ? "down" : "stopped";
    case "inactive":
      if (seen[i - 1]?.state === "inactive") return before;
      return isPassing(seen, i) ? "down" : "stopped";
  }
}

/** `systemctl restart` lets a service be inactive for a moment; longer than this is a stop. */
const passingMs = 10_000;

/** Of one that was unhealthy and is about to be restarted nothing is known for a moment: that does not make it well. */
function isLeaving(seen: readonly SeenState[], i: number): boolean {
  const [before, one, next] = [seen[i - 1], seen[i], seen[i + 1]];
  if (before?.state !== "active" || one?.health !== "unknown" || next === undefined) return false;
  return next.state !== "active" && next.state !== null && next.atMs - one.atMs <= passingMs;
}

/** What ends and is counted as a restart has crashed, or is restarted for the sake of its health; else somebody has asked for it. */
function isOutage(seen: readonly SeenState[], i: number, before: Condition): boolean {
  const end = settledFrom(seen, i + 1);
  if (hasRisen(seen, baseOf(seen, i), end)) return true;
  const state = seen[end]?.state ?? null;
  if (state === "inactive") return isPassing(seen, end);
  // Where nobody counts, it is not taken for asked.
  const isCounted = seen.slice(i, end + 1).some(({ restarts }) => restarts !== null);
  return (before === "up" || before === "down") && (state === "failed" || (state === "active" && !isCounted));
}

/** Nobody has stopped it: it is on its way from a crash, or an ill health, to the restart that is counted. */
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

/** The last one before at which no restart was under way, as it may be once it failed; itself where there is none. */
function baseOf(seen: readonly SeenState[], i: number): number {
  for (let at = i - 1; at >= 0; at--) {
    const one = seen[at];
    if (one === undefined || one.state === null) break;
    if ((one.state === "active" || one.state === "inactive") && one.restarts !== null) return at;
  }
  return i;
}

/** A count that has fallen in between was begun anew, by somebody who started it. */
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

/** Told with the moment it was up again. */
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
