// The pinned runtime: a copy of the Bun inside bs9 for each version in use, so that apps do not depend on the bs9 on PATH.
import { chmodSync, closeSync, constants, copyFileSync, fdatasyncSync, openSync, renameSync, rmSync, statSync, utimesSync } from "node:fs";
import { join } from "node:path";
import { failed } from "../base/errors.ts";
import { makeFolder, plainErrno, syncFolder } from "../base/files.ts";
import { randomHex } from "../base/random.ts";
import { shellWord } from "../base/text.ts";
import { version } from "../version.ts";
import { makePlain } from "./plain.ts";

/** Identifies the build and not only the release: two builds of one version must not share a directory. */
export const runtimeVersion = `${version.version}-${version.commit}`;

export const runtimeFolder = (share: string, of: string): string => join(share, "runtime", of);

/**
 * Makes sure that the running bs9 is pinned, and returns its directory. It is a copy and not a hard link, because overwriting
 * the bs9 on PATH in place would change a hard link too.
 */
export function pinRuntime(share: string): string {
  const folder = runtimeFolder(share, runtimeVersion);
  const target = join(folder, "bs9");
  // /proc/self/exe opens the running file even when it has been replaced or deleted.
  const own = statSync("/proc/self/exe");
  if (!isSame(target, own)) {
    makeFolder(folder);
    const partial = join(folder, `.bs9-${process.pid}-${randomHex(4)}.part`);
    try {
      copyFileSync("/proc/self/exe", partial, constants.COPYFILE_FICLONE);
      chmodSync(partial, 0o755);
      makePlain(partial);
      utimesSync(partial, own.atime, own.mtime);
      // A rename that reaches the disk before the content would leave an empty program after a power cut.
      syncContent(partial);
      renameSync(partial, target);
      syncFolder(folder);
    } catch (error) {
      rmSync(partial, { force: true });
      throw failed(`cannot pin the runtime in ${folder}: ${plainErrno(error)}`, { hint: `df -h ${shellWord(share)}`, cause: error });
    }
  }
  return folder;
}

function syncContent(file: string): void {
  const fd = openSync(file, "r");
  try {
    fdatasyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

function isSame(target: string, own: { size: number; mtimeMs: number }): boolean {
  try {
    const there = statSync(target);
    return there.size === own.size && Math.abs(there.mtimeMs - own.mtimeMs) < 2;
  } catch {
    return false;
  }
}
