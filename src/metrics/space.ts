// Measures the space of the file systems that hold home, state and the projects. A file system may hang, such as NFS without
// its server. For that reason they are queried in the background, one after the other and each with a time limit; values that
// are too old become null.
import type { StatsFs } from "node:fs";
import { stat, statfs } from "node:fs/promises";
import type { HostReading } from "./sample.ts";

export type SpaceDirectories = { home: string; state: string; projects: readonly string[] };

type Free = { freeBytes: number; usedPercent: number };
type Figures = Pick<HostReading, `${"home" | "state" | "projects"}${"FreeBytes" | "UsedPercent"}`>;

/** The system calls that query a file system. */
export type FileSystemCalls = { stat(directory: string): Promise<{ dev: number }>; statfs(directory: string): Promise<StatsFs> };

const everyMs = 30_000;
const staleMs = 120_000;
const lookLimitMs = 5000;
/** The devices of directories are looked up again after this many rounds only, because they change only with a mount. */
const deviceLooks = 20;
const maxProjects = 1000;

export function spaceReader(
  asked: FileSystemCalls = { stat, statfs },
  limitMs = lookLimitMs,
): { of(places: SpaceDirectories, nowMs: number): Figures } {
  const devices = new Map<string, number>();
  /** Directories whose query has not returned. */
  const hanging = new Set<string>();
  const never = Number.NEGATIVE_INFINITY;
  let own: { atMs: number; home: Free | null; state: Free | null } = { atMs: never, home: null, state: null };
  let projects: { atMs: number; fullest: Free | null } = { atMs: never, fullest: null };
  let begunMs = never;
  let looks = 0;
  let isLooking = false;

  const lookAt = async (directory: string, byDevice: Map<number, Free | null>): Promise<Free | null> => {
    const device = devices.get(directory) ?? (await asked.stat(directory)).dev;
    devices.set(directory, device);
    const known = byDevice.get(device);
    if (known !== undefined) return known;
    // The device is null until the query has answered, so that no other directory on a device that hangs is queried.
    byDevice.set(device, null);
    const free = await asked.statfs(directory).then(freeIn);
    byDevice.set(device, free);
    return free;
  };

  /**
   * Queries one directory. Null if the query fails or takes too long. A query that takes too long goes on, and the directory is
   * not queried again until it has returned.
   */
  const freeOf = async (directory: string, byDevice: Map<number, Free | null>): Promise<Free | null> => {
    if (hanging.has(directory)) return null;
    hanging.add(directory);
    const found = lookAt(directory, byDevice)
      .catch(() => null)
      .finally(() => hanging.delete(directory));
    return await within(limitMs, found);
  };

  const look = async (places: SpaceDirectories, atMs: number) => {
    // While a query hangs, its device could not be looked up again, and other directories of that device would be queried.
    if (looks++ % deviceLooks === 0 && hanging.size === 0) devices.clear();
    const byDevice = new Map<number, Free | null>();
    for (const device of [...hanging].map((directory) => devices.get(directory))) if (device !== undefined) byDevice.set(device, null);
    const home = await freeOf(places.home, byDevice);
    own = { atMs, home, state: await freeOf(places.state, byDevice) };
    let fullest: Free | null = null;
    for (const root of places.projects.slice(0, maxProjects)) {
      // A hanging query blocks a thread of the pool, which has two threads on two cores. Projects must leave one of them free.
      const known = byDevice.get(devices.get(root) ?? Number.NaN);
      const free = known !== undefined ? known : hanging.size > 0 ? null : await freeOf(root, byDevice);
      if (free !== null && (fullest === null || free.usedPercent > fullest.usedPercent)) fullest = free;
    }
    projects = { atMs, fullest };
  };

  return {
    of(places, nowMs) {
      if (!isLooking && nowMs - begunMs >= everyMs) {
        isLooking = true;
        begunMs = nowMs;
        void look(places, nowMs).finally(() => {
          isLooking = false;
        });
      }
      const isFresh = ({ atMs }: { atMs: number }) => nowMs - atMs < staleMs;
      const { home, state } = isFresh(own) ? own : { home: null, state: null };
      const fullest = isFresh(projects) ? projects.fullest : null;
      return {
        homeFreeBytes: home?.freeBytes ?? null,
        homeUsedPercent: home?.usedPercent ?? null,
        stateFreeBytes: state?.freeBytes ?? null,
        stateUsedPercent: state?.usedPercent ?? null,
        projectsFreeBytes: fullest?.freeBytes ?? null,
        projectsUsedPercent: fullest?.usedPercent ?? null,
      };
    },
  };
}

async function within<T>(limitMs: number, found: Promise<T>): Promise<T | null> {
  const { promise, resolve } = Promise.withResolvers<null>();
  const timer = setTimeout(() => resolve(null), limitMs);
  return await Promise.race([found, promise]).finally(() => clearTimeout(timer));
}

/**
 * Computes as df(1) does: blocks reserved for root are neither free nor used. Null for a file system without blocks, such as
 * some of FUSE.
 */
function freeIn({ blocks, bfree, bavail, bsize }: StatsFs): Free | null {
  const [used, free] = [blocks - bfree, bavail];
  return used + free <= 0 ? null : { freeBytes: free * bsize, usedPercent: (used / (used + free)) * 100 };
}
