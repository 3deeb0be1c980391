// Reads from the storage the last sample of a service, and how available the service was in the last day and the last 30 days.
import { type FigureName, tableOf } from "../metrics/figures.ts";
import { type Availability, availability } from "../storage/availability.ts";
import { seenKeep } from "../storage/levels.ts";
import type { WatchedSpan } from "../storage/storage.ts";
import type { Deps } from "./deps.ts";

export type Sampled = { at: string } & Partial<Record<FigureName, number | null>>;

/** A sample older than this many intervals is stale: a full disk, for instance, stops the agent from storing more. */
const freshIntervals = 3;

/** The last stored sample of a service; null if the service is not in the last tick, or if that tick is stale. */
export async function sampledOf(name: string, { storage, now }: Pick<Deps, "storage" | "now">): Promise<Sampled | null> {
  const newest = await storage.newest(name);
  const point = newest?.points.get(name);
  if (newest === null || point === undefined) return null;
  // Math.abs, because a timestamp in the future means that the clock was set back since.
  if (Math.abs(now() - newest.atMs) > freshIntervals * newest.intervalMs) return null;
  const sampled: Sampled = { at: new Date(point.atMs).toISOString() };
  for (const { name: figure, shown } of tableOf("service")) if (shown !== undefined) sampled[figure] = point[figure] ?? null;
  return sampled;
}

/** `since` is the begin of the time that counts: the begin of the range, or the first sight of a service that is younger. */
export type Available = Availability & { since: string };

export type Availabilities = { day: Available; month: Available };

const dayMs = 86_400_000;
const monthMs = 30 * dayMs;

/**
 * The availability since `sinceMs`, because an earlier service of the same name does not count. Null if the service was never
 * seen, or if nothing is stored.
 */
export async function availabilityOf(
  name: string,
  sinceMs: number,
  { storage, now }: Pick<Deps, "storage" | "now">,
): Promise<Availabilities | null> {
  const toMs = now();
  // The query reaches back as far as state changes are stored: a service that was observed before the month is older than the
  // month, even if bs9 did not observe it since.
  const fromMs = Math.max(sinceMs, toMs - seenKeep.ageMs);
  if (fromMs >= toMs) return null;
  const watches = await storage.watches(name, { fromMs, toMs });
  const firstMs = firstSeen(watches);
  if (firstMs === null || firstMs >= toMs) return null;
  const last = (spanMs: number): Available => {
    const fromMs = Math.max(firstMs, toMs - spanMs);
    return { since: new Date(fromMs).toISOString(), ...availability(watches, { fromMs, toMs }) };
  };
  return { day: last(dayMs), month: last(monthMs) };
}

function firstSeen(watches: readonly WatchedSpan[]): number | null {
  return watches.reduce<number | null>((first, { seen }) => {
    const atMs = seen.find(({ state }) => state !== null)?.atMs;
    return atMs === undefined || (first !== null && first <= atMs) ? first : atMs;
  }, null);
}
