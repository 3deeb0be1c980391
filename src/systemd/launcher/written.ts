// Where the launcher of a service is written, and what it is to open.

import { existsSync, lstatSync, readdirSync, rmSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { architectureOf } from "../../backend/limits-filter.ts";
import { sharedFolders, systemFolders } from "../../backend/open-folders.ts";
import type { Opening } from "../../backend/opening.ts";
import { hidesHome } from "../../backend/sandbox.ts";
import { readRegular, writeWhole } from "../../base/files.ts";
import { type Paths, resolvedPath } from "../../base/paths.ts";
import type { Spec } from "../../service/spec.ts";
import type { HostProfile } from "../host-cache.ts";
import type { Files, Opened } from "./files.ts";
import { launcherFile, type Wanted } from "./launcher.ts";

export type Launcher = { file: string; bytes: Uint8Array; closesFiles: boolean };

/** The launcher of a service; null where the profile has none, or where this host cannot run one. */
export function launcherFor(spec: Spec, host: HostProfile, opening: Opening, paths: Paths): Launcher | null {
  if (host.isolation?.isLaunched !== true) return null;
  const isIsolationRequired = spec.sandbox.isolationRequired === true;
  // With namespaces the mounts close the files already.
  if (hasMounts(host)) return launcherOf(spec.name, { files: null, isIsolationRequired }, paths.share);
  return launcherOf(spec.name, { files: openedBy(opening, paths), isIsolationRequired }, paths.share, openedSystem(paths));
}

const hasMounts = ({ directives }: HostProfile): boolean => hidesHome(directives);

const folderOf = (share: string): string => join(share, "launch");

/**
 * Its name has the hash of what it does, so that a loaded unit never finds a launcher that was written for another unit. The
 * folders of the system are no part of the hash: they may change between two starts. Null on a machine that bs9 has no launcher for.
 */
function launcherOf(name: string, wanted: Wanted, share: string, system: Opened[] = []): Launcher | null {
  const architecture = architectureOf(process.arch);
  if (architecture === null) return null;
  const hash = Bun.hash(launcherFile(architecture, wanted)).toString(16).padStart(16, "0");
  const files = wanted.files === null ? null : { ...wanted.files, readable: [...system, ...wanted.files.readable] };
  return {
    file: join(folderOf(share), `${name}.${hash}`),
    bytes: launcherFile(architecture, { ...wanted, files }),
    closesFiles: files !== null,
  };
}

/** What Landlock is to open for a service: what its mounts open elsewhere. */
export function openedBy(opening: Pick<Opening, "readable" | "writable" | "optional" | "leads">, paths: Paths): Files {
  // Where a path leads was judged with the opening, and is not looked up again.
  const all = (list: string[]) => list.flatMap((path) => opened(opening.leads[path] ?? path));
  return {
    readable: all([...opening.readable, ...opening.optional]),
    writable: all([...sharedFolders(paths).map(resolvedPath), ...opening.writable]),
    // Bun and Node look for packages from folder to folder upwards, and give up at a folder that they cannot list.
    listable: all(opening.optional.filter((path) => basename(path) === "node_modules").map((path) => dirname(path))),
  };
}

/** Links among the folders of the system lead to other folders of the system, or into a home, which stays closed. */
export const openedSystem = (paths: Paths): Opened[] =>
  systemFolders(paths)
    .filter((path) => resolvedPath(path) === path)
    .flatMap(opened);

/** Leaves out a path that does not exist or cannot be read. */
function opened(path: string): Opened[] {
  try {
    return [{ path, isFile: !lstatSync(path).isDirectory() }];
  } catch {
    return [];
  }
}

/** Keeps the launcher that the unit before named: it is loaded until the user manager reads the new one. */
export function writeLauncher(name: string, { file, bytes }: Launcher, unitBefore: string | null): void {
  if (!isThere(file, bytes)) writeWhole(file, bytes, 0o700);
  for (const old of launchersOf(name, dirname(file))) {
    if (old !== file && unitBefore?.includes(old) !== true) rmSync(old, { force: true });
  }
}

/** Without a write a start needs no sync of the disk. */
function isThere(file: string, bytes: Uint8Array): boolean {
  try {
    return readRegular(file, bytes.length + 1)?.equals(bytes) === true;
  } catch {
    return false;
  }
}

export function removeLaunchers(name: string, share: string): void {
  for (const file of launchersOf(name, folderOf(share))) rmSync(file, { force: true });
}

/** A name has no dot in it, so that no other service's launcher begins with it. */
function launchersOf(name: string, folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((found) => found.startsWith(`${name}.`))
    .map((found) => join(folder, found));
}
