// Cleans up after interrupted test files: supervisors and services whose directories are in dist/.
import { existsSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { listProc, readProc } from "../../src/base/proc.ts";

/** The beginning of the names of all directories of one test command. */
export const placePrefix = (run: string): string => `place-${run}-`;

/** Ends the processes that run from the directories of one test command, or for them, and removes the directories. */
export function endPlaces(dist: string, run: string): void {
  const prefix = placePrefix(run);
  const folders = existsSync(dist) ? readdirSync(dist).filter((name) => name.startsWith(prefix)) : [];
  if (folders.length === 0) return;
  const mark = join(dist, prefix);
  // Supervisors are killed first, because a living supervisor would start a service again.
  for (const isSupervisor of [true, false]) for (const pid of processesWith(mark, isSupervisor)) kill(pid);
  for (const name of folders) rmSync(join(dist, name), { recursive: true, force: true });
}

function processesWith(mark: string, isSupervisor: boolean): number[] {
  return listProc("")
    .filter((entry) => /^\d+$/.test(entry) && entry !== String(process.pid))
    .filter(
      (pid) => readProc(`${pid}/environ`)?.includes(`BS9_HOME=${mark}`) || (!isSupervisor && readProc(`${pid}/cmdline`)?.includes(mark)),
    )
    .map(Number);
}

function kill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // The process has already ended.
  }
}
