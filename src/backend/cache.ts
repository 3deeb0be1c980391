// The cache of a service: a folder on disk that is its own, since home takes no writes. It goes with the service.
import { chmodSync, lstatSync, readdirSync } from "node:fs";
import { rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { errnoOf } from "../base/errors.ts";
import { makeFolder, removeEmpty } from "../base/files.ts";
import type { SandboxProfile } from "../service/spec.ts";

/** Not below ~/.cache: who empties that would take the folder from a service that runs. */
export const cacheFolder = (state: string, name: string): string => join(state, "cache", name);

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

/** Removes also what the service has closed to its own user. No symbolic link is followed. */
export async function removeCache(state: string, name: string): Promise<void> {
  const folder = cacheFolder(state, name);
  const remove = () => rm(folder, { recursive: true, force: true });
  await remove().catch((error: unknown) => {
    if (!["EACCES", "EPERM", "ENOTEMPTY"].includes(errnoOf(error) ?? "")) throw error;
    reopen(folder);
    return remove();
  });
  for (const one of [dirname(folder), state, dirname(state)]) removeEmpty(one);
}

/** `remove` needs the rights of the owner on each directory; the service has ended, so that nobody swaps one meanwhile. */
function reopen(path: string): void {
  const pending = [path];
  for (let folder = pending.pop(); folder !== undefined; folder = pending.pop()) {
    if (!lstatSync(folder).isDirectory()) continue;
    chmodSync(folder, 0o700);
    for (const entry of readdirSync(folder, { withFileTypes: true })) if (entry.isDirectory()) pending.push(join(folder, entry.name));
  }
}
