// A lock file that shows that a process is at work; the kernel releases the lock when its holder ends.
import { closeSync, constants, openSync } from "node:fs";
import { dirname } from "node:path";
import { errnoOf } from "./errors.ts";
import { makeFolder, openToAppend } from "./files.ts";
import { tryLock, tryShareLock } from "./libc.ts";

/** A process that is just ending releases its lock within this time. */
const endingMs = 1000;
const pollMs = 50;

/** The descriptor that holds the lock, for closeSync(); null where another process holds it. */
export async function takeLock(path: string, waitMs = endingMs): Promise<number | null> {
  makeFolder(dirname(path));
  const fd = openToAppend(path);
  for (let waitedMs = 0; ; waitedMs += pollMs) {
    if (await tryLock(fd)) return fd;
    if (waitedMs >= waitMs) break;
    await Bun.sleep(pollMs);
  }
  closeSync(fd);
  return null;
}

/**
 * True while another process holds the lock of `takeLock`. Takes a shared lock for a moment to find out; `takeLock` retries, so
 * this does not make it fail. Throws the errors of open(2), except where the file does not exist.
 */
export async function isLocked(path: string): Promise<boolean> {
  let fd: number;
  try {
    // Without O_NONBLOCK open(2) of a FIFO would wait for a writer.
    fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return false;
    throw error;
  }
  try {
    return !(await tryShareLock(fd));
  } finally {
    closeSync(fd);
  }
}
