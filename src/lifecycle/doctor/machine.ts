// Checks the free disk space and the clock.
import { existsSync, statfsSync, statSync } from "node:fs";
import { dirname } from "node:path";
import type { Finding } from "../../backend/finding.ts";
import { isClockInSync } from "../../base/libc.ts";
import type { DoctorInput } from "./input.ts";
import { findings } from "./table.ts";

export type Space = { path: string; bytesFree: number; bytes: number; filesFree: number; files: number };

const fullBytes = 8 * 1024 * 1024;
const scarceBytes = 1024 ** 3;
const scarceShare = 0.05;
const fullFiles = 100;

export function diskFindings({ paths }: DoctorInput): Finding[] {
  const seen = new Set<number>();
  return [paths.config, paths.share, paths.state, paths.cache, paths.units, "/var/log/journal", "/run/user", "/tmp"].flatMap((path) => {
    const space = spaceOf(nearestFolder(path), seen);
    return space === null ? [] : judgeSpace(space);
  });
}

/** Pure. Some file systems have no limit of files and report 0. */
export function judgeSpace(space: Space): Finding[] {
  const { bytesFree, bytes, filesFree, files } = space;
  if (bytes > 0 && bytesFree < fullBytes) return [findings.disk({ ...space, isFull: true })];
  if (files > 0 && filesFree < fullFiles) return [findings.inodes({ ...space, isFull: true })];
  if (bytesFree < scarceBytes && bytesFree < bytes * scarceShare) return [findings.disk({ ...space, isFull: false })];
  if (files > 0 && filesFree < files * scarceShare) return [findings.inodes({ ...space, isFull: false })];
  return [];
}

/** The space of the file system of a path; null if an earlier path was on the same one, so that each has one finding. */
function spaceOf(path: string, seen: Set<number>): Space | null {
  try {
    const { dev } = statSync(path);
    if (seen.has(dev)) return null;
    seen.add(dev);
    const { bavail, blocks, bsize, ffree, files } = statfsSync(path);
    return { path, bytesFree: bavail * bsize, bytes: blocks * bsize, filesFree: ffree, files };
  } catch {
    return null;
  }
}

function nearestFolder(path: string): string {
  return existsSync(path) || path === "/" ? path : nearestFolder(dirname(path));
}

export async function clockFindings(): Promise<Finding[]> {
  const inSync = await isClockInSync().catch(() => null);
  return inSync === false ? [findings.clock()] : [];
}
