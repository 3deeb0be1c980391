// The pinned runtime: the Bun inside bs9, for each version in use, so that no app depends on the bs9 on PATH.

import { chmodSync, constants, copyFileSync, renameSync, rmSync, statSync, utimesSync } from "node:fs";
import { join } from "node:path";
import { failed } from "../base/errors.ts";
import { makeFolder, plainErrno } from "../base/files.ts";
import { shellWord } from "../base/text.ts";
import { version } from "../version.ts";
import { makePlain } from "./plain.ts";

/** Names the build, not only the release: two builds of one version do not share a folder. */
export const runtimeVersion = `${version.version}-${version.commit}`;

export const runtimeFolder = (share: string, of: string): string => join(share, "runtime", of);

/**
 * Makes sure that the present bs9 is pinned, and returns its folder.
 * A copy and no hard link: whoever overwrites the bs9 on PATH in place would change a link too.
 */
export function pinRuntime(share: string): string {
  const folder = runtimeFolder(share, runtimeVersion);
  const target = join(folder, "bs9");
  // /proc/self/exe opens the running file even when it has been replaced or deleted.
  const own = statSync("/proc/self/exe");
  if (!isSame(target, own)) {
    makeFolder(folder);
    const partial = join(folder, `.bs9-${process.pid}.part`);
    try {
      copyFileSync("/proc/self/exe", partial, constants.COPYFILE_FICLONE);
      chmodSync(partial, 0o755);
      makePlain(partial);
      utimesSync(partial, own.atime, own.mtime);
      renameSync(partial, target);
    } catch (error) {
      rmSync(partial, { force: true });
      throw failed(`cannot pin the runtime in ${folder}: ${plainErrno(error)}`, { hint: `df -h ${shellWord(share)}`, cause: error });
    }
  }
  return folder;
}

function isSame(target: string, own: { size: number; mtimeMs: number }): boolean {
  try {
    const there = statSync(target);
    return there.size === own.size && Math.abs(there.mtimeMs - own.mtimeMs) < 2;
  } catch {
    return false;
  }
}
