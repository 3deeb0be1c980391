// What no service uses any more: pinned runtimes, and directories that are empty.
import { rmSync } from "node:fs";
import { join } from "node:path";
import { removeEmpty } from "../base/files.ts";
import { buildFolder } from "../runtime/command.ts";
import { sweepRuntimes } from "../runtime/pin.ts";
import type { Deps } from "./deps.ts";

/** Runtimes that no spec and no pending change names go; where a spec cannot be read, none does. */
export function sweepUnused(deps: Pick<Deps, "registry" | "share">): void {
  const { specs, broken } = deps.registry.readable();
  const { changes, broken: brokenChanges } = deps.registry.abandoned();
  if (broken.length + brokenChanges.length > 0) return;
  const needed = [...specs, ...changes.flatMap(({ spec, previous }) => [spec, ...(previous === null ? [] : [previous])])];
  sweepRuntimes(deps.share, new Set(needed.flatMap(({ runtime }) => (runtime.kind === "bs9" ? [runtime.version] : []))));
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
