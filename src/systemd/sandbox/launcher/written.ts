// Decides where the launcher of a service is written, and which paths it opens.

import { existsSync, lstatSync, readdirSync, rmSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { architectureOf } from "../../../backend/limits-filter.ts";
import { sharedFolders, systemFolders } from "../../../backend/open-folders.ts";
import type { Opening } from "../../../backend/opening.ts";
import { hidesHome } from "../../../backend/sandbox.ts";
import { failed } from "../../../base/errors.ts";
import { readRegular, writeWhole } from "../../../base/files.ts";
import { type Paths, resolvedPath } from "../../../base/paths.ts";
import type { Spec } from "../../../service/spec.ts";
import { canGiveUp } from "../../unit/delay.ts";
import { stderrIdentifier } from "../../unit/names.ts";
import { execWord } from "../../unit/quote.ts";
import { givenUpPath } from "../../unit/starts.ts";
import type { HostProfile } from "../host-cache.ts";
import { expectedMountsOf, mountCheck } from "../mount-check.ts";
import type { Files, LandlockPath } from "./files.ts";
import { type LauncherOptions, launcherFile } from "./launcher.ts";

/**
 * `start` is the common beginning of the paths of all launchers that differ from this one only in the paths they open and
 * check.
 */
export type Launcher = { file: string; start: string; bytes: Uint8Array };

type Ground = { host: HostProfile; opening: Opening; paths: Paths; runtimeDir: string };

/**
 * Makes the launcher of a service: the small program that its unit executes first. Throws on a processor architecture other
 * than x64 and arm64.
 */
export function launcherFor(spec: Spec, { host, opening, paths, runtimeDir }: Ground): Launcher {
  const { name } = spec;
  const wanted: LauncherOptions = {
    givenUp: canGiveUp(spec) ? join(runtimeDir, givenUpPath(name)) : null,
    stderr: stderrIdentifier(name),
    check: mountCheck(name, expectedMountsOf(opening, paths.home), host.directives, paths.home),
    shut: null,
  };
  if (host.isolation?.isLaunched !== true) return launcherOf(name, wanted, wanted, paths.share);
  const isIsolationRequired = spec.sandbox.isolationRequired === true;
  const files = closesFiles(host) ? openedBy(opening, paths) : null;
  const shut = { ...wanted, shut: { files, isIsolationRequired } };
  if (files === null) return launcherOf(name, shut, shut, paths.share);
  const withSystem = { ...files, readable: [...openedSystem(paths), ...files.readable] };
  return launcherOf(name, shut, { ...shut, shut: { files: withSystem, isIsolationRequired } }, paths.share);
}

/**
 * True where launchers close files with Landlock. In a mount namespace the mounts already hide the files that the service must
 * not read, so Landlock does not have to.
 */
export const closesFiles = ({ isolation, directives }: HostProfile): boolean => isolation?.isLaunched === true && !hidesHome(directives);

const folderOf = (share: string): string => join(share, "launch");

/**
 * The file name contains two hashes. The first covers how the launcher isolates the service; the second covers everything, so
 * that a loaded unit never finds a launcher that was written for another unit. The system directories may change between two
 * starts, so the hashes leave them out (`hashed`).
 */
function launcherOf(name: string, hashed: LauncherOptions, wanted: LauncherOptions, share: string): Launcher {
  const architecture = architectureOf(process.arch);
  if (architecture === null)
    throw failed(`bs9 has no launcher, the program that isolates a service, for the processor architecture ${process.arch}`, {
      hint: "run bs9 on x64 or arm64",
    });
  const hashOf = (bytes: Uint8Array) => Bun.hash(bytes).toString(16).padStart(16, "0");
  const bytes = launcherFile(architecture, wanted);
  const start = join(folderOf(share), `${name}.${hashOf(launcherFile(architecture, withoutPaths(hashed)))}.`);
  return { file: `${start}${hashOf(hashed === wanted ? bytes : launcherFile(architecture, hashed))}`, start, bytes };
}

function withoutPaths({ shut, ...wanted }: LauncherOptions): LauncherOptions {
  const noPaths: Files = { readable: [], writable: [], listable: [], sockets: [] };
  return { ...wanted, check: null, shut: shut === null ? null : { ...shut, files: shut.files === null ? null : noPaths } };
}

/**
 * The launcher (the program that a unit executes before the service) of this unit, if it isolates the service in the same way
 * as the launcher that would be written now. The paths may differ: packages that were linked after the start do not weaken the
 * sandbox of the running process.
 */
export function launcherIn(unit: string, { start }: Launcher): string | null {
  const begin = `ExecStart=${execWord(start).replace(/"$/, "")}`;
  const lines = unit.split("\n").filter((one) => one.startsWith("ExecStart="));
  const [line] = lines;
  if (lines.length !== 1 || line?.startsWith(begin) !== true) return null;
  const hash = /^([0-9a-f]{16})" /.exec(line.slice(begin.length))?.[1];
  return hash === undefined ? null : `${start}${hash}`;
}

/** The paths that Landlock opens for a service: the same paths that its mounts open on other hosts. */
export function openedBy(
  opening: Pick<Opening, "readable" | "writable" | "optional" | "leads" | "cache" | "sockets">,
  paths: Paths,
): Files {
  // The target of each path was checked when the list of opened paths was made, and is not resolved again.
  const all = (list: string[]) => list.flatMap((path) => opened(opening.leads[path] ?? path));
  return {
    readable: all([...opening.readable, ...opening.optional]),
    writable: all([...sharedFolders(paths).map(resolvedPath), ...opening.writable, ...(opening.cache === null ? [] : [opening.cache])]),
    // systemd makes this directory with each start.
    sockets: opening.sockets === null ? [] : [{ path: opening.sockets, isFile: false }],
    // Bun and Node look for packages in each parent directory, and stop at a directory that they cannot list.
    listable: all(opening.optional.filter((path) => basename(path) === "node_modules").map((path) => dirname(path))),
  };
}

/**
 * Symbolic links are left out: they lead to other system directories, which are listed anyway, or into a home directory, which
 * stays closed.
 */
export const openedSystem = (paths: Paths): LandlockPath[] =>
  systemFolders(paths)
    .filter((path) => resolvedPath(path) === path)
    .flatMap(opened);

/** Leaves out a path that does not exist or cannot be read. */
function opened(path: string): LandlockPath[] {
  try {
    return [{ path, isFile: !lstatSync(path).isDirectory() }];
  } catch {
    return [];
  }
}

/** Keeps the launcher of the previous unit, because that unit stays loaded until the user manager reads the new one. */
export function writeLauncher(name: string, { file, bytes }: Launcher, unitBefore: string | null): void {
  if (!isThere(file, bytes)) writeWhole(file, bytes, 0o700);
  for (const old of launchersOf(name, dirname(file))) {
    if (old !== file && unitBefore?.includes(old) !== true) rmSync(old, { force: true });
  }
}

/** An unchanged file is not written again, so that a start needs no fsync(2). */
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

/** The name of a service contains no dot, so the launcher of another service never matches. */
function launchersOf(name: string, folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((found) => found.startsWith(`${name}.`))
    .map((found) => join(folder, found));
}
