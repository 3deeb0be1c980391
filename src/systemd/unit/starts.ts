// Reads the file in which the delay unit counts starts: `starts-in-a-row uptime-of-the-last starts` in one line.
import { rmSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { readIfThere, removeEmpty, writeWhole } from "../../base/files.ts";
import { readProc } from "../../base/proc.ts";

/** The file with the count, below the runtime directory of the user. */
export const startsPath = (name: string): string => `bs9/starts/${name}`;
/** The directory with the sockets of the preload: a mount of the service alone, or made and removed with each of its runs. */
export const socketsPath = (name: string): string => `bs9/inject/${name}`;
/** An empty file that exists while the service is given up. */
export const givenUpPath = (name: string): string => `${startsPath(name)}.given-up`;

/** Deletes the count of starts in a row, so that the next start counts as the first one. */
export function clearStarts(runtimeDir: string, name: string): void {
  // An older bs9, whose restart step ran inside the sandbox of the service, left a directory at this path.
  rmSync(join(runtimeDir, startsPath(name)), { recursive: true, force: true });
  rmSync(join(runtimeDir, givenUpPath(name)), { force: true });
}

/**
 * Counts the first start of a service in place of its delay unit. False where the count cannot be stored, for example because
 * the disk is full.
 */
export function countFirstStart(runtimeDir: string, name: string): boolean {
  const uptimeSec = readProc("uptime")?.split(".")[0];
  if (uptimeSec === undefined) return false;
  try {
    writeWhole(join(runtimeDir, startsPath(name)), `1 ${uptimeSec} 1\n`, 0o644, false);
    return true;
  } catch {
    return false;
  }
}

/**
 * Removes the counts of a deleted service and the directory of its sockets, and the parent directories after the last service.
 */
export function removeStarts(runtimeDir: string, name: string): void {
  clearStarts(runtimeDir, name);
  const sockets = join(runtimeDir, socketsPath(name));
  rmSync(sockets, { recursive: true, force: true });
  const starts = dirname(join(runtimeDir, startsPath(name)));
  for (const one of [dirname(sockets), starts, dirname(starts)]) removeEmpty(one);
}

export type Starts = {
  /** The number of starts since `bs9 start` or `restart`, or since the boot; a delayed start is already included. */
  count: number;
  /** Starts in a row. */
  inRow: number;
};

/**
 * Reads the count of starts of a service; null if nothing was counted, because the service was not started or is never
 * restarted.
 */
export function startsOf(runtimeDir: string, name: string): (Starts & { writtenMs: number }) | null {
  const file = join(runtimeDir, startsPath(name));
  try {
    const text = readIfThere(file, maxBytes);
    const starts = text === null ? null : parseStarts(text);
    return starts === null ? null : { ...starts, writtenMs: statSync(file).mtimeMs };
  } catch {
    return null;
  }
}

const maxBytes = 4096;

/** Parses the file in which the delay unit counts starts; null for a text that the delay unit has not written. Pure. */
export function parseStarts(text: string): Starts | null {
  const match = /^(\d{1,9}) -?\d+ (\d{1,9})\n$/.exec(text);
  return match === null ? null : { count: Number(match[2]), inRow: Number(match[1]) };
}
