// The space of the file systems that hold home, state and the projects. A file system may hang, such as NFS without its server:
// it is looked at beside the loop, one after the other and never twice at a time, and what is too old is null.
import type { StatsFs } from "node:fs";
import { stat, statfs } from "node:fs/promises";
import type { HostReading } from "./sample.ts";

/** Directories. */
export type Places = { home: string; state: string; projects: readonly string[] };

type Free = { freeBytes: number; usedPercent: number };
type Space = { atMs: number; home: Free | null; state: Free | null; projects: Free | null };
type Figures = Pick<HostReading, `${"home" | "state" | "projects"}${"FreeBytes" | "UsedPercent"}`>;

const everyMs = 30_000;
const staleMs = 120_000;
/** Which device a directory is on changes with a mount alone. */
const deviceLooks = 20;
const maxProjects = 1000;

export function spaceReader(): { of(places: Places, nowMs: number): Figures } {
  const devices = new Map<string, number>();
  let newest: Space = { atMs: Number.NEGATIVE_INFINITY, home: null, state: null, projects: null };
  let looks = 0;
  let isLooking = false;

  const look = async ({ home, state, projects }: Places, atMs: number) => {
    if (looks++ % deviceLooks === 0) devices.clear();
    const byDevice = new Map<number, Free | null>();
    const freeOf = async (directory: string): Promise<Free | null> => {
      const device = devices.get(directory) ?? (await deviceOf(directory));
      if (device === null) return null;
      devices.set(directory, device);
      const free = byDevice.has(device) ? (byDevice.get(device) ?? null) : await statfs(directory).then(freeIn, () => null);
      byDevice.set(device, free);
      return free;
    };
    const [ofHome, ofState] = [await freeOf(home), await freeOf(state)];
    let fullest: Free | null = null;
    for (const root of projects.slice(0, maxProjects)) {
      const free = await freeOf(root);
      if (free !== null && (fullest === null || free.usedPercent > fullest.usedPercent)) fullest = free;
    }
    newest = { atMs, home: ofHome, state: ofState, projects: fullest };
  };

  return {
    of(places, nowMs) {
      if (!isLooking && nowMs - newest.atMs >= everyMs) {
        isLooking = true;
        void look(places, nowMs).finally(() => {
          isLooking = false;
        });
      }
      const isFresh = nowMs - newest.atMs < staleMs;
      const { home, state, projects } = isFresh ? newest : { home: null, state: null, projects: null };
      return {
        homeFreeBytes: home?.freeBytes ?? null,
        homeUsedPercent: home?.usedPercent ?? null,
        stateFreeBytes: state?.freeBytes ?? null,
        stateUsedPercent: state?.usedPercent ?? null,
        projectsFreeBytes: projects?.freeBytes ?? null,
        projectsUsedPercent: projects?.usedPercent ?? null,
      };
    },
  };
}

async function deviceOf(directory: string): Promise<number | null> {
  return await stat(directory).then(
    ({ dev }) => dev,
    () => null,
  );
}

/** As df(1) has it: what is kept for root is neither free nor in use. Some file systems have no blocks, such as those of FUSE. */
function freeIn({ blocks, bfree, bavail, bsize }: StatsFs): Free | null {
  const [used, free] = [blocks - bfree, bavail];
  return used + free <= 0 ? null : { freeBytes: free * bsize, usedPercent: (used / (used + free)) * 100 };
}
