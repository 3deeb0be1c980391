// A file whose lock says that somebody is at work; the kernel drops it with its holder.
import { closeSync } from "node:fs";
import { dirname } from "node:path";
import { makeFolder, openToAppend } from "./files.ts";
import { tryLock } from "./libc.ts";

/** One that is just ending lets go of it in a moment. */
const endingMs = 1000;
const pollMs = 50;

/** The descriptor that holds it, for closeSync(); null where somebody else does. */
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
