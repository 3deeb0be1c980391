// Decides which paths the sandbox of a service opens: its project, its runtime, and the targets of symbolic links in both.

import { existsSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { failed } from "../base/errors.ts";
import { isWithin } from "../base/paths.ts";
import type { Injection } from "../injectors/injection.ts";
import type { ExecCommand } from "../runtime/command.ts";
import { isScript } from "../service/entry.ts";
import { isInVirtualEnvironment } from "../service/python.ts";
import { isHomeOrAbove } from "../service/root.ts";
import type { Spec } from "../service/spec.ts";
import { hasCache, placeOfCache } from "./cache.ts";
import { checkEntry, checkWays, type Ground, programsOf } from "./followed.ts";
import { importsOf } from "./imports.ts";
import { linkedPackages } from "./linked-packages.ts";
import { type Narrowed, narrowedOf } from "./narrowed.ts";
import { holdsOwn, type OwnFolders } from "./own-folders.ts";
import { type Neighbour, strayOf, walked } from "./stray.ts";

export type Opening = {
  writable: string[];
  readable: string[];
  /** The cache directory of the service on disk; null where its profile provides none. */
  cache: string | null;
  /** The directory in which the processes of the service make the sockets of the preload; null where they have no preload. */
  sockets: string | null;
  /** The working directory with links resolved, because links may lead nowhere in the sandbox. */
  cwd: string;
  /** Opened paths that may no longer exist at the next start of the service. */
  optional: string[];
  /** The targets of those optional paths that are symbolic links. */
  leads: Record<string, string>;
  /** Directories of programs that PATH reaches only through links that do not exist in the sandbox. */
  programs: string[];
  /**
   * Why only the entry and its imports are opened: the project root is the home directory or above it, or contains files of
   * bs9.
   */
  narrowed: Narrowed;
  /** Paths that the user opens although they contain files of bs9: the service could change the files that it is run from. */
  exposed: string[];
};

/** An empty directory below the home directory, so that the home directory exists in the sandbox. */
export const emptyFolder = (share: string): string => join(share, "empty");

/**
 * Finds the paths that the sandbox opens. Throws if this or another service could have made a symbolic link, on the way to an
 * executed or opened path, that leads outside of the paths that its maker can write.
 */
export function openingOf(
  spec: Spec,
  command: ExecCommand,
  folders: OwnFolders,
  neighbours: Neighbour[],
  injection: Pick<Injection, "folder" | "sockets"> | null = null,
): Opening {
  const { home, share } = folders;
  const ways = {
    root: walked(spec.root),
    cwd: walked(spec.cwd),
    writable: spec.sandbox.writable.map(walked),
    readable: spec.sandbox.readable.map(walked),
  };
  const root = ways.root.real;
  const cwd = ways.cwd.real;
  const narrowed = narrowedOf(root, folders);
  const strict = spec.sandbox.profile === "strict";
  const given = { writable: ways.writable.map(({ real }) => real), readable: ways.readable.map(({ real }) => real) };
  const writable = outermost([...(narrowed !== null || strict ? [] : [root]), ...given.writable]);
  const readable = [...(strict && narrowed === null ? [root] : []), ...given.readable];
  // Without a sandbox, links that the service has made give it no additional access, because it can read everything anyway.
  const isShut = spec.sandbox.profile !== "off";
  const cache = hasCache(spec.sandbox.profile) ? placeOfCache(folders.state, spec.name) : null;
  const written = cache === null ? writable : [...writable, cache];
  const isWritable = (path: string) => isShut && written.some((folder) => isWithin(path, folder));
  const isShared = (path: string) => isWritable(path) || (isShut && neighbours.some(({ folder }) => isWithin(path, folder)));
  const optional = new Set<string>();
  const programs = new Set<string>();
  const hidden = (path: string) => ["/home", "/root", "/run/user", "/tmp", "/var/tmp", home].some((folder) => isWithin(path, folder));
  const open = (path: string) => {
    if (hidden(path) && existsSync(path)) optional.add(path);
  };

  const ground: Ground = {
    spec,
    isWritable,
    isHidden: hidden,
    isOpenAnyway: (path) => narrowed === null && linkedPackages(root, root, false, home).some((folder) => isWithin(path, folder)),
    strayOn: (way) => (isShut ? strayOf(way, written, neighbours) : null),
  };
  if (isShut) checkEntry(command.entry, ground);
  checkWays([ways.root, ...(hidden(cwd) ? [ways.cwd] : []), ...ways.writable, ...ways.readable], ground);
  if (narrowed !== null) {
    for (const file of isScript(command.entry) ? importsOf(command.entry, isShared) : [command.entry]) open(file);
    for (const file of ["package.json", "tsconfig.json", "bunfig.toml"]) open(join(dirname(command.entry), file));
    for (const word of spec.args) if (!isHomeOrAbove(resolve(cwd, word), home)) open(resolve(cwd, word));
  }
  if (!isWithin(cwd, root) && !isHomeOrAbove(cwd, home)) open(cwd);
  if (!isWithin(command.entry, root)) open(command.entry);
  if (command.build !== null) open(command.build);
  if (injection !== null && hidden(injection.folder)) optional.add(injection.folder);
  for (const { program, real } of programsOf(command, ground)) {
    open(programFolder(real, home));
    if (isInVirtualEnvironment(program)) open(dirname(dirname(program)));
    else if (hidden(program) && real !== program) programs.add(dirname(real));
  }
  for (const path of linkedPackages(root, dirname(command.entry), narrowed !== null, home)) open(path);
  // A working directory in which nothing is opened would not exist in the sandbox.
  if (hidden(cwd) && ![...writable, ...readable, ...optional].some((path) => isWithin(path, cwd) || isWithin(cwd, path)))
    open(emptyFolder(share));
  const covered = [...writable, ...readable];
  const isKnown = (path: string) => optional.has(path) || covered.some((folder) => isWithin(path, folder));
  const leads: Record<string, string> = {};
  const beside = [...optional].filter((path) => {
    if (covered.some((folder) => isWithin(path, folder)) || isBelowOneOf(dirname(path), optional)) return false;
    // Where a plan is only shown, the preload is not written yet.
    if (path === injection?.folder && !existsSync(path)) return true;
    const way = walked(path);
    if (way.real !== path) leads[path] = way.real;
    // A link to a path that is open anyway does no harm, whoever made it.
    return isKnown(way.real) || ground.strayOn(way) === null;
  });
  if (isShut && beside.length > maxMounts)
    throw failed(
      `links among its packages lead to ${beside.length} paths outside of ${root}, and the sandbox can open at most ${maxMounts}`,
      {
        lead: `cannot start ${spec.name}`,
        hint: "install the packages in the project itself, or start it from the folder that holds them all: --cwd FOLDER",
      },
    );
  return {
    writable,
    readable,
    cache,
    sockets: injection?.sockets ?? null,
    cwd,
    optional: beside,
    leads,
    programs: [...programs],
    narrowed,
    exposed: [...given.writable, ...given.readable].filter((path) => holdsOwn(path, folders)),
  };
}

/**
 * The start could be tricked into mounting an inner path elsewhere, because the service can write the way there; so only
 * outermost paths are mounted.
 */
function outermost(paths: string[]): string[] {
  return [...new Set(paths)].filter((path, _, all) => !all.some((other) => other !== path && isWithin(path, other)));
}

/** The limit exists because each path is a mount, and mounts delay the start of the service. */
const maxMounts = 250;

/** Paths below an opened path need no mount; a store of linked packages would otherwise need a thousand mounts. */
function isBelowOneOf(path: string, folders: Set<string>): boolean {
  return folders.has(path) || (path !== dirname(path) && isBelowOneOf(dirname(path), folders));
}

/**
 * The path that a program below the home directory needs: its whole prefix if it has one of its own
 * (`~/.nvm/versions/node/v22`), else the bin directory of a tool (`~/.bun/bin`), else the file alone.
 */
export function programFolder(program: string, home: string): string {
  const folder = dirname(program);
  const prefix = dirname(folder);
  if (basename(prefix) === "runtime") return folder;
  if (basename(folder) !== "bin" || [home, join(home, ".local"), "/usr", "/usr/local"].includes(prefix)) return program;
  return existsSync(join(prefix, "lib")) ? prefix : folder;
}
