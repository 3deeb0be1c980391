// What no service uses any more: pinned runtimes, builds, and directories that are empty.
import { rmSync } from "node:fs";
import { join } from "node:path";
import { removeEmpty } from "../base/files.ts";
import { buildFolder } from "../runtime/command.ts";
import { unusedBuilds, unusedRuntimes } from "../runtime/unused.ts";
import type { Deps } from "./deps.ts";

/** Removes the runtimes and builds that no spec and no pending change needs. Call it under the registry's lock. */
export function sweepUnused(deps: Pick<Deps, "registry" | "share">): void {
  for (const path of unusedPaths(deps) ?? []) rmSync(path, { recursive: true, force: true });
}

/** Null where a spec cannot be read: it may need any of them. */
export function unusedPaths(deps: Pick<Deps, "registry" | "share">): string[] | null {
  const { specs, broken } = deps.registry.readable();
  const { changes, broken: brokenChanges } = deps.registry.abandoned();
  if (broken.length + brokenChanges.length > 0) return null;
  const needed = [...specs, ...changes.flatMap(({ spec, previous }) => [spec, ...(previous === null ? [] : [previous])])];
  const versions = new Set(needed.flatMap(({ runtime }) => (runtime.kind === "bs9" ? [runtime.version] : [])));
  return [...unusedRuntimes(deps.share, versions), ...unusedBuilds(deps.share, new Set(needed.map(({ name }) => name)))];
}

/** Removes what was made for a new service whose start was refused or undone. Call it when the service is neither defined nor pending. */
export function sweepAfter(name: string, deps: Pick<Deps, "registry" | "share">): void {
  rmSync(buildFolder(deps.share, name), { recursive: true, force: true });
  sweepUnused(deps);
  deps.registry.removeEmptyFolders();
  // Services that run may have the empty folder of the sandbox open.
  if (deps.registry.names().length > 0) return;
  for (const folder of ["builds", "runtime", "launch", "empty", ""]) removeEmpty(join(deps.share, folder));
}
