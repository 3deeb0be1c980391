// The cache of a service: a folder on disk that is its own, since home takes no writes. It goes with the service.
import { lstatSync } from "node:fs";
import { rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { exec } from "../base/exec.ts";
import { makeFolder, removeEmpty } from "../base/files.ts";
import { resolvedPath } from "../base/paths.ts";
import type { SandboxProfile } from "../service/spec.ts";

/** Not below ~/.cache: who empties that would take the folder from a service that runs. */
export const cacheFolder = (state: string, name: string): string => join(state, "cache", name);

/**
 * Where the cache of a service is, links above it resolved; null where something else than a directory is in its place, such
 * as a symbolic link that a service with --writable above it has made.
 */
export function placeOfCache(state: string, name: string): string | null {
  const folder = cacheFolder(state, name);
  const real = join(resolvedPath(state), "cache", name);
  const found = lstatSync(folder, { throwIfNoEntry: false });
  return found === undefined || (found.isDirectory() && resolvedPath(folder) === real) ? real : null;
}

/** `strict` opens nothing to writes by itself, and without a sandbox a service has the ~/.cache of its user. */
export const hasCache = (profile: SandboxProfile): boolean => profile === "standard";

/** A full disk costs the cache, and no service its start. */
export function makeCache(state: string, name: string): void {
  try {
    makeFolder(cacheFolder(state, name));
  } catch {
    // What the service writes there ends with an error of its own.
  }
}

/**
 * Removes also what the service has closed to its own user. No symbolic link is followed. Never throws: a directory that
 * cannot be removed must not keep its service from being deleted.
 */
export async function removeCache(state: string, name: string): Promise<void> {
  const folder = cacheFolder(state, name);
  try {
    await rm(folder, { recursive: true, force: true }).catch(() => removeByPrograms(folder));
  } catch {
    // It stays: coreutils are not there, or somebody else owns what is in it.
  }
  for (const one of [dirname(folder), state, dirname(state)]) removeEmpty(one);
}

/**
 * `rm` needs the rights of the owner on each directory. The names in it are bytes that the service has chosen, and Bun opens no
 * file by a name that is not UTF-8.
 */
async function removeByPrograms(folder: string): Promise<void> {
  for (const argv of [
    ["chmod", "-R", "u+rwX"],
    ["rm", "-rf", "--one-file-system"],
  ])
    await exec([...argv, "--", folder], { timeoutMs: removeMs });
}

const removeMs = 30_000;
