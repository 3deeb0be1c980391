// The last sample of a service: figures that `status` has no room for.
import { type FigureName, tableOf } from "../metrics/figures.ts";
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
