// The lock of the registry: only one command at a time changes services. It is a flock(2), which the kernel releases when its
// holder ends, so it is never stale.
import { closeSync, existsSync, ftruncateSync, writeSync } from "node:fs";
import { join } from "node:path";
import { failed } from "../base/errors.ts";
import { makeFolder, openToAppend, readIfThere } from "../base/files.ts";
import { tryLock } from "../base/libc.ts";

/**
 * `what` is the command of the user, which commands that wait for the lock show; `onWait` is called with the holder of the
 * lock.
 */
export type Claim = { what: string; timeoutMs: number; onWait: (holder: string) => void };

/** Takes the lock: no other bs9 can change this directory until the lock is disposed. Throws after `timeoutMs`. */
export async function lockOf(folder: string, claim: Claim): Promise<Disposable> {
  makeFolder(folder);
  const path = join(folder, "lock");
  const fd = openToAppend(path);
  try {
    await acquire(fd, path, claim);
  } catch (error) {
    closeSync(fd);
    throw error;
  }
  sign(fd, claim.what);
  return { [Symbol.dispose]: () => closeSync(fd) };
}

export async function lockHolder(folder: string): Promise<string | null> {
  const path = join(folder, "lock");
  if (!existsSync(path)) return null;
  const fd = openToAppend(path);
  try {
    return (await tryLock(fd)) ? null : holderOf(path);
  } finally {
    closeSync(fd);
  }
}

/** The file only tells waiting commands who holds the lock: on a full disk they wait without knowing. */
function sign(fd: number, what: string): void {
  try {
    ftruncateSync(fd, 0);
    writeSync(fd, `bs9 ${what}, pid ${process.pid}\n`, 0);
  } catch {}
}

function holderOf(path: string): string {
  return readIfThere(path, 4096)?.trim() || "another bs9";
}

async function acquire(fd: number, path: string, { timeoutMs, onWait }: Claim): Promise<void> {
  const began = performance.now();
  let told = false;
  while (!(await tryLock(fd))) {
    const holder = holderOf(path);
    const waitedMs = performance.now() - began;
    if (waitedMs > timeoutMs)
      throw failed(`${holder}, has held the lock of the registry for more than ${Math.round(timeoutMs / 1000)} s`, {
        hint: "try again when it has ended",
      });
    if (!told && waitedMs > 300) {
      onWait(holder);
      told = true;
    }
    await Bun.sleep(25);
  }
}
