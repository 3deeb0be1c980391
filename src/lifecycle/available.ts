// How available a service was in the last day and the last 30, as far as anybody watched it.
import { type Availability, availability } from "../storage/availability.ts";
import type { WatchedSpan } from "../storage/storage.ts";
import type { Deps } from "./deps.ts";

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
