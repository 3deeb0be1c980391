// The cache of a service: its own directory on disk, because it cannot write to the home directory. It is deleted with the
// service.
import { lstatSync } from "node:fs";
import { dirname, join } from "node:path";
import { exec } from "../base/exec.ts";
import { makeFolder, removeEmpty } from "../base/files.ts";
import { resolvedPath } from "../base/paths.ts";
import type { SandboxProfile } from "../service/spec.ts";

/**
 * The directory of the cache of a service. It is not below ~/.cache, because a user who empties that directory would delete the
 * cache of a running service.
 */
export const cacheFolder = (state: string, name: string): string => join(state, "cache", name);

/**
 * The path of the cache of a service, with links above it resolved; null where its place is taken by something other than a
 * directory, such as a symbolic link that was made by a service with --writable above it.
 */
export function placeOfCache(state: string, name: string): string | null {
  const folder = cacheFolder(state, name);
  const real = join(resolvedPath(state), "cache", name);
  const found = lstatSync(folder, { throwIfNoEntry: false });
  return found === undefined || (found.isDirectory() && resolvedPath(folder) === real) ? real : null;
}

/** `strict` opens no path for writing by itself, and without a sandbox a service uses the ~/.cache of its user. */
export const hasCache = (profile: SandboxProfile): boolean => profile === "standard";

/** If the disk is full, the service starts without a cache. */
export function makeCache(state: string, name: string): void {
  try {
    makeFolder(cacheFolder(state, name));
  } catch {
    // Without the directory, a service that writes to its cache gets an error, which it can report itself.
  }
}

/**
 * Removes the cache, including directories whose permissions the service has taken away from its own user. Symbolic links are
 * not followed. Never throws: a directory that cannot be removed must not keep its service from being deleted.
 */
export async function removeCache(state: string, name: string): Promise<void> {
  const folder = cacheFolder(state, name);
  try {
    const { rm } = await import("node:fs/promises");
    await rm(folder, { recursive: true, force: true }).catch(() => removeByPrograms(folder));
  } catch {
    // The directory cannot be removed: the coreutils are missing, or another user owns files in it.
  }
  for (const one of [dirname(folder), state, dirname(state)]) removeEmpty(one);
}

/**
 * Uses programs, because `rm` needs the permissions of the owner on each directory, and because the service may have chosen
 * file names that are not UTF-8, which Bun cannot open.
 */
async function removeByPrograms(folder: string): Promise<void> {
  for (const argv of [
    ["chmod", "-R", "u+rwX"],
    ["rm", "-rf", "--one-file-system"],
  ])
    await exec([...argv, "--", folder], { timeoutMs: removeMs });
}

const removeMs = 30_000;
