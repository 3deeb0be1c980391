// The last sample of a service: figures that `status` has no room for.
import type { Point } from "../storage/storage.ts";
import type { Deps } from "./deps.ts";

export type Sampled = Pick<
  Point,
  "openFiles" | "ioReadBytes" | "ioWriteBytes" | "cpuPressurePercent" | "memoryPressurePercent" | "ioPressurePercent" | "latencyMs"
> & { at: string };

/** Older than this it is of the past, such as where a full disk stops the agent from storing more. */
const freshIntervals = 3;

/** Null where it is not in the last tick, or that was a while ago. */
export async function sampledOf(name: string, { storage, now }: Pick<Deps, "storage" | "now">): Promise<Sampled | null> {
  const newest = await storage.newest(name);
  const point = newest?.points.get(name);
  if (newest === null || point === undefined) return null;
  // Of a time to come it is where the clock was set back since.
  if (Math.abs(now() - newest.atMs) > freshIntervals * newest.intervalMs) return null;
  const { atMs, openFiles, ioReadBytes, ioWriteBytes, cpuPressurePercent, memoryPressurePercent, ioPressurePercent, latencyMs } = point;
  const at = new Date(atMs).toISOString();
  return { at, openFiles, ioReadBytes, ioWriteBytes, cpuPressurePercent, memoryPressurePercent, ioPressurePercent, latencyMs };
}
