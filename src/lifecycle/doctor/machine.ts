// Disk and clock.
import { existsSync, statfsSync, statSync } from "node:fs";
import { dirname } from "node:path";
import type { Finding } from "../../backend/finding.ts";
import { isClockInSync } from "../../base/libc.ts";
import { formatBytes } from "../../base/quantities.ts";
import type { Ground } from "./ground.ts";

export type Space = { path: string; bytesFree: number; bytes: number; filesFree: number; files: number };

const fullBytes = 8 * 1024 * 1024;
const scarceBytes = 1024 ** 3;
const scarceShare = 0.05;
const fullFiles = 100;

export function diskFindings({ paths }: Ground): Finding[] {
  const seen = new Set<number>();
  return [paths.config, paths.share, paths.state, paths.cache, paths.units, "/var/log/journal", "/run/user", "/tmp"].flatMap((path) => {
    const space = spaceOf(nearestFolder(path), seen);
    return space === null ? [] : judgeSpace(space);
  });
}

/** Pure. Some file systems have no number of files to run out of. */
export function judgeSpace({ path, bytesFree, bytes, filesFree, files }: Space): Finding[] {
  const finding = (severity: Finding["severity"], what: string, mend: string): Finding => ({
    id: "disk",
    severity,
    what,
    why: "services, their logs and bs9's own files need room; what is half written is lost",
    mend,
    fix: null,
  });
  if (bytes > 0 && bytesFree < fullBytes)
    return [finding("error", `the disk is full: ${formatBytes(bytesFree)} free at ${path}`, `df -h ${path}`)];
  if (files > 0 && filesFree < fullFiles)
    return [finding("error", `the disk has no files left: ${filesFree} inodes free at ${path}`, `df -i ${path}`)];
  if (bytesFree < scarceBytes && bytesFree < bytes * scarceShare)
    return [finding("warning", `the disk is almost full: ${formatBytes(bytesFree)} free at ${path}`, `df -h ${path}`)];
  if (files > 0 && filesFree < files * scarceShare)
    return [finding("warning", `the disk has few files left: ${filesFree} inodes free at ${path}`, `df -i ${path}`)];
  return [];
}

/** One finding for each file system. */
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
  if (inSync !== false) return [];
  return [
    {
      id: "clock",
      severity: "warning",
      what: "the clock is not synchronised",
      why: "times of logs and of the trail may be wrong, and TLS may fail",
      mend: "sudo timedatectl set-ntp true",
      fix: null,
    },
  ];
}
