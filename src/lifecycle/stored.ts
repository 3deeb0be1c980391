// What storage keeps of a service: its last sample, and how available it was in the last day and the last 30.
import { type FigureName, tableOf } from "../metrics/figures.ts";
import { type Availability, availability } from "../storage/availability.ts";
import type { WatchedSpan } from "../storage/storage.ts";
import type { Deps } from "./deps.ts";

export type Sampled = { at: string } & Partial<Record<FigureName, number | null>>;

/** Older than this it is of the past, such as where a full disk stops the agent from storing more. */
const freshIntervals = 3;

/** Null where it is not in the last tick, or that was a while ago. */
export async function sampledOf(name: string, { storage, now }: Pick<Deps, "storage" | "now">): Promise<Sampled | null> {
  const newest = await storage.newest(name);
  const point = newest?.points.get(name);
  if (newest === null || point === undefined) return null;
  // Of a time to come it is where the clock was set back since.
  if (Math.abs(now() - newest.atMs) > freshIntervals * newest.intervalMs) return null;
  const sampled: Sampled = { at: new Date(point.atMs).toISOString() };
  for (const { name: figure, shown } of tableOf("service")) if (shown !== undefined) sampled[figure] = point[figure] ?? null;
  return sampled;
}

/** `since`: from when on it counts; later than a day or 30 ago where the service is younger. */
export type Available = Availability & { since: string };

export type Availabilities = { day: Available; month: Available };

const dayMs = 86_400_000;
const monthMs = 30 * dayMs;
/** So long are changes kept: one seen before the month is no younger than it, though nobody watched since. */
const keptMs = 42 * dayMs;

/**
 * How available a service was since `sinceMs`: an earlier service of the same name is another one. Null where it was never
 * seen, or where nothing is kept.
 */
export async function availabilityOf(
  name: string,
  sinceMs: number,
  { storage, now }: Pick<Deps, "storage" | "now">,
): Promise<Availabilities | null> {
  const toMs = now();
  const fromMs = Math.max(sinceMs, toMs - keptMs);
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
