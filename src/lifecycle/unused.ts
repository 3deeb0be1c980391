// Finds and removes what no service uses any more: pinned runtimes, builds, preloads, and empty directories.
import { rmSync } from "node:fs";
import { join } from "node:path";
import { readIfThere, removeEmpty } from "../base/files.ts";
import { namesIn } from "../base/listing.ts";
import { isWithin, resolvedPath, unitsFolder } from "../base/paths.ts";
import { linkOf, listProc, readProc } from "../base/proc.ts";
import { unusedPreloads } from "../injectors/written.ts";
import { buildFolder } from "../runtime/command.ts";
import { unusedBuilds, unusedRuntimes } from "../runtime/unused.ts";
import type { Deps } from "./deps.ts";

type Place = Pick<Deps, "registry" | "share" | "home">;

/** Removes the runtimes, builds and preloads that no spec and no pending change needs. Call it under the registry's lock. */
export function sweepUnused(place: Place): void {
  for (const path of unusedPaths(place) ?? []) rmSync(path, { recursive: true, force: true });
}

/**
 * The paths of runtimes, builds and preloads that no service uses; null if a spec or a pending change cannot be read, because
 * it may need any of them.
 */
export function unusedPaths(place: Place): string[] | null {
  const { registry, share } = place;
  const { specs, broken } = registry.readable();
  const { changes, broken: brokenChanges } = registry.pending();
  if (broken.length + brokenChanges.length > 0) return null;
  const needed = [...specs, ...changes.flatMap(({ spec, previous }) => [spec, ...(previous === null ? [] : [previous])])];
  const versions = new Set(needed.flatMap(({ runtime }) => (runtime.kind === "bs9" ? [runtime.version] : [])));
  const preloads = new Set(needed.flatMap(({ inject }) => (inject === undefined || inject.by === "none" ? [] : [inject.version])));
  const paths = [
    ...unusedRuntimes(share, versions),
    ...unusedBuilds(share, new Set(needed.map(({ name }) => name))),
    ...unusedPreloads(share, preloads),
  ];
  return paths.length === 0 ? [] : paths.filter(isUnusedElsewhere(place));
}

/**
 * Another registry may use the same directory: $XDG_CONFIG_HOME moves the registry and leaves the runtimes where they are. Its
 * services have units in the home directory, or run now.
 */
function isUnusedElsewhere({ share, home }: Place): (path: string) => boolean {
  const units = markedUnits(unitsFolder(home));
  // A unit that cannot be read may need any of them.
  if (units === null) return () => false;
  const pids = listProc("").filter((name) => /^\d+$/.test(name));
  const programs = pids.flatMap((pid) => linkOf(`${pid}/exe`) ?? []);
  // The preload of a running process is an argument.
  const commands = pids.flatMap((pid) => readProc(`${pid}/cmdline`) ?? []);
  // A unit quotes some characters of paths; then only the end of the path is compared, which keeps more than necessary.
  const isPlain = /^[\w@+=:,./-]+$/.test(share);
  return (path) => {
    const named = `${isPlain ? path : path.slice(share.length)}/`;
    const real = resolvedPath(path);
    return (
      !units.some((text) => text.includes(named)) &&
      ![...programs, ...commands].some((text) => isWithin(text, real) || text.includes(named))
    );
  };
}

/**
 * The texts of all units that name bs9 as their owner, whichever registry (BS9_HOME) they belong to; null if one cannot be
 * read.
 */
function markedUnits(folder: string): string[] | null {
  const names = namesIn(folder).filter((name) => name.endsWith(".service"));
  try {
    return names.map((name) => readIfThere(join(folder, name)) ?? "").filter((text) => text.includes("\n[X-BS9]\n"));
  } catch {
    return null;
  }
}

/** Removes what was made for a new service whose start was refused or undone. Call it when the service is neither defined nor pending. */
export function sweepAfter(name: string, deps: Place): void {
  rmSync(buildFolder(deps.share, name), { recursive: true, force: true });
  sweepUnused(deps);
  deps.registry.removeEmptyFolders();
  // Running services may have the sandbox's empty directory mounted, so it goes only when no service is left.
  if (deps.registry.names().length > 0) return;
  for (const folder of ["builds", "runtime", "inject", "launch", "empty", ""]) removeEmpty(join(deps.share, folder));
}
