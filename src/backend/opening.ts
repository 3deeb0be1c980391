// Decides which paths the sandbox of a service opens: its project, its runtime, and what both lead to.

import { accessSync, constants, existsSync, realpathSync, statSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { type Bs9Error, failed } from "../base/errors.ts";
import { isWithin } from "../base/paths.ts";
import { shellWord } from "../base/text.ts";
import type { ExecCommand } from "../runtime/command.ts";
import { findCommand, isScript } from "../service/entry.ts";
import { isInVirtualEnvironment } from "../service/python.ts";
import { isHomeOrAbove } from "../service/root.ts";
import { shebangOf } from "../service/shebang.ts";
import type { Spec } from "../service/spec.ts";
import { hasCache, placeOfCache } from "./cache.ts";
import { importsOf } from "./imports.ts";
import { linkedPackages } from "./linked-packages.ts";
import { type Narrowed, narrowedOf } from "./narrowed.ts";
import { holdsOwn, type OwnFolders } from "./own-folders.ts";
import { type Neighbour, type ResolvedPath, type Stray, strayOf, walked } from "./stray.ts";

export type Opening = {
  writable: string[];
  readable: string[];
  /** The cache directory of the service on disk; null where its profile provides none. */
  cache: string | null;
  /** The working directory with links resolved, because links may lead nowhere in the sandbox. */
  cwd: string;
  /** Paths that may no longer exist at the next start. */
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
 * Throws where the service or a neighbour could have made a link, on the way to an executed or opened path, that leads outside
 * the paths that it can write.
 */
export function openingOf(spec: Spec, command: ExecCommand, folders: OwnFolders, neighbours: Neighbour[]): Opening {
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
  for (const way of [ways.root, ...(hidden(cwd) ? [ways.cwd] : []), ...ways.writable, ...ways.readable]) {
    const stray = ground.strayOn(way);
    if (stray !== null) throw astray(spec.name, stray);
  }
  if (narrowed !== null) {
    for (const file of isScript(command.entry) ? importsOf(command.entry, isShared) : [command.entry]) open(file);
    for (const file of ["package.json", "tsconfig.json", "bunfig.toml"]) open(join(dirname(command.entry), file));
    for (const word of spec.args) if (!isHomeOrAbove(resolve(cwd, word), home)) open(resolve(cwd, word));
  }
  if (!isWithin(cwd, root) && !isHomeOrAbove(cwd, home)) open(cwd);
  if (!isWithin(command.entry, root)) open(command.entry);
  if (command.build !== null) open(command.build);
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
    const way = walked(path);
    if (way.real !== path) leads[path] = way.real;
    // A link to a path that is open anyway does no harm, whoever made it.
    return isKnown(way.real) || ground.strayOn(way) === null;
  });
  if (isShut && beside.length > maxMounts)
    throw failed(`links among its packages lead to ${beside.length} places outside of ${root}, and ${maxMounts} can be opened`, {
      lead: `cannot start ${spec.name}`,
      hint: "install the packages in the project itself, or start it from the folder that holds them all: --cwd FOLDER",
    });
  return {
    writable,
    readable,
    cache,
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

/** What decides whether the service could have made the way to a path. */
type Ground = {
  spec: Spec;
  isWritable: (path: string) => boolean;
  isHidden: (path: string) => boolean;
  /** The path is open in any case. */
  isOpenAnyway: (path: string) => boolean;
  strayOn: (way: ResolvedPath) => Stray | null;
};

/**
 * A service could replace a file that it, or its neighbour, is run from by a link, and the target would be opened at the next
 * start. The name of the link does not matter, for example `current`. Returns the resolved path.
 */
function checkProgram(program: string, { spec, isWritable, isHidden, isOpenAnyway, strayOn }: Ground): string {
  const way = walked(program);
  const { real } = way;
  if (!isHidden(real) || isWritable(real)) return real;
  const stray = strayOn(way);
  if (stray !== null && !isPythonOfEnvironment(program, real) && !isOpenAnyway(real)) throw astray(spec.name, stray);
  return real;
}

/** The command was resolved separately, so this checks that the checked file is the file that will run. */
function checkEntry(entry: string, ground: Ground): void {
  const { path } = ground.spec.entry;
  const real = checkProgram(path, ground);
  const folder = walked(dirname(path));
  const isFolderAstray = ground.strayOn(folder) !== null && !ground.isOpenAnyway(folder.real);
  if (entry === real || (entry === join(folder.real, basename(path)) && !isFolderAstray)) return;
  throw failed(`${path} was replaced while it was being read`, {
    lead: `cannot start ${ground.spec.name}`,
    hint: `ls -l ${shellWord(path)}`,
  });
}

function astray(name: string, { link, real, maker }: Stray): Bs9Error {
  const message = `${link} is a symbolic link to ${real} that ${maker} could have created; not followed`;
  return failed(message, {
    lead: `cannot start ${name}`,
    hint: `ls -l ${shellWord(link)}; if the link is yours, name the folder itself instead of the link`,
  });
}

/** The Python that a virtual environment was made with. */
function isPythonOfEnvironment(program: string, real: string): boolean {
  return isInVirtualEnvironment(program) && /^python[\d.]*$/.test(basename(real)) && isProgram(real);
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

/** Paths below an opened path need no mount; a store of linked packages would otherwise need a thousand mounts. */
function isBelowOneOf(path: string, folders: Set<string>): boolean {
  return folders.has(path) || (path !== dirname(path) && isBelowOneOf(dirname(path), folders));
}

/** The programs that an exec of this command needs, and the path of each: the runtime, the entry, its interpreter. */
function programsOf(command: ExecCommand, ground: Ground): { program: string; real: string }[] {
  const program = command.runtime ?? command.entry;
  const words = shebangOf(program);
  const interpreter = words === null ? null : interpreterOf(words, program, ground);
  const programs = interpreter === null ? [program] : [program, interpreter];
  return programs.filter((one) => existsSync(one)).map((one) => ({ program: one, real: checkProgram(one, ground) }));
}

/** Null where the interpreter does not need to be opened. */
function interpreterOf([interpreter = "", ...rest]: string[], program: string, { spec, isWritable, isHidden }: Ground): string | null {
  // Directories that the service can write are left out, because it could have placed any program there.
  const isKept = (folder: string) => folder.startsWith("/") && existsSync(folder) && !isWritable(realpathSync(folder));
  const onPath = (name: string) => findCommand(name, spec.path.split(":").filter(isKept).join(":"));
  if (basename(interpreter) === "env") {
    const named = rest.find((word) => !word.startsWith("-") && !word.includes("="));
    return named === undefined || named.includes("/") ? null : onPath(named);
  }
  if (!existsSync(interpreter)) return null;
  const real = realpathSync(interpreter);
  const known = onPath(basename(interpreter));
  const isTrusted = !isWritable(realpathSync(program)) || (known !== null && realpathSync(known) === real);
  if (isTrusted || !isHidden(real) || isWritable(real) || isPythonOfEnvironment(interpreter, real)) return interpreter;
  throw failed(`${program} is to be run by ${interpreter}, which is not on its PATH, and the service could have written so`, {
    lead: `cannot start ${spec.name}`,
    hint: `bs9 start ${shellWord(interpreter)} --name ${spec.name} -- ${shellWord(program)}`,
  });
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
