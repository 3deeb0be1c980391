// What of the file system a service's sandbox opens: its project, its runtime, and what both lead to.

import { accessSync, constants, existsSync, realpathSync, statSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { type Bs9Error, failed } from "../base/errors.ts";
import { isWithin } from "../base/paths.ts";
import { shellWord } from "../base/text.ts";
import type { Command } from "../runtime/command.ts";
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
import { type Neighbour, type Stray, strayOf, type Walked, walked } from "./stray.ts";

export type Opening = {
  writable: string[];
  readable: string[];
  /** The folder on disk that the service has for a cache; null where its profile gives it none. */
  cache: string | null;
  /** The working folder, links resolved: in the sandbox they may lead nowhere. */
  cwd: string;
  /** May be gone by the next start. */
  optional: string[];
  /** Where those of the optional paths lead that are links themselves. */
  leads: Record<string, string>;
  /** Folders of programs that the PATH reaches only by links, which are not there in the sandbox. */
  programs: string[];
  /** Why only the entry and what it imports is opened and not its root: that is home or above, or holds bs9's own files. */
  narrowed: Narrowed;
  /** What the user opens although bs9's own files are in it: the service could change what it runs as. */
  exposed: string[];
};

/** A folder with nothing in it, below home, so that home is there. */
export const emptyFolder = (share: string): string => join(share, "empty");

/** Throws where the service or a neighbour may have made a link on the way to what is run or opened, out of what it may write. */
export function openingOf(spec: Spec, command: Command, folders: OwnFolders, neighbours: Neighbour[]): Opening {
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
  // Without a sandbox nothing is opened by following what the service has made: it may read all of it as it is.
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
  // A folder that nothing is opened in is not there, and could not be worked in.
  if (hidden(cwd) && ![...writable, ...readable, ...optional].some((path) => isWithin(path, cwd) || isWithin(cwd, path)))
    open(emptyFolder(share));
  const covered = [...writable, ...readable];
  const isKnown = (path: string) => optional.has(path) || covered.some((folder) => isWithin(path, folder));
  const leads: Record<string, string> = {};
  const beside = [...optional].filter((path) => {
    if (covered.some((folder) => isWithin(path, folder)) || isBelowOneOf(dirname(path), optional)) return false;
    const way = walked(path);
    if (way.real !== path) leads[path] = way.real;
    // A link to something that is open anyway does no harm, whoever made it.
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

/** A mount below another one could be made to lead elsewhere by the next start: its way there may be written. */
function outermost(paths: string[]): string[] {
  return [...new Set(paths)].filter((path, _, all) => !all.some((other) => other !== path && isWithin(path, other)));
}

/** Each is a mount, which the start of a service has to wait for. */
const maxMounts = 250;

/** What makes a way to a path one that the service may have laid. */
type Ground = {
  spec: Spec;
  isWritable: (path: string) => boolean;
  isHidden: (path: string) => boolean;
  /** Open whatever leads there. */
  isOpenAnyway: (path: string) => boolean;
  strayOn: (way: Walked) => Stray | null;
};

/**
 * A service may put a link in the place of what it, or its neighbour, is run by; what that leads to would be opened at the
 * next start. By which way it is reached does not matter: `current` leads where its owner says. Returns where it leads.
 */
function checkProgram(program: string, { spec, isWritable, isHidden, isOpenAnyway, strayOn }: Ground): string {
  const way = walked(program);
  const { real } = way;
  if (!isHidden(real) || isWritable(real)) return real;
  const stray = strayOn(way);
  if (stray !== null && !isPythonOfEnvironment(program, real) && !isOpenAnyway(real)) throw astray(spec.name, stray);
  return real;
}

/** What was judged has to be what is run: the command was resolved by a look of its own. */
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

/** A store of linked packages would be a thousand mounts otherwise. */
function isBelowOneOf(path: string, folders: Set<string>): boolean {
  return folders.has(path) || (path !== dirname(path) && isBelowOneOf(dirname(path), folders));
}

/** The programs that an exec of this command goes through, and where each leads: the runtime, the entry, its interpreter. */
function programsOf(command: Command, ground: Ground): { program: string; real: string }[] {
  const program = command.runtime ?? command.entry;
  const words = shebangOf(program);
  const interpreter = words === null ? null : interpreterOf(words, program, ground);
  const programs = interpreter === null ? [program] : [program, interpreter];
  return programs.filter((one) => existsSync(one)).map((one) => ({ program: one, real: checkProgram(one, ground) }));
}

/** Null where it is none that is to be opened. */
function interpreterOf([interpreter = "", ...rest]: string[], program: string, { spec, isWritable, isHidden }: Ground): string | null {
  // In a folder that the service may write, it may have put anything under the name of a program.
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
 * What a program under home lives from: its whole prefix where that is one of its own
 * (`~/.nvm/versions/node/v22`), else its folder in a tool's own place (`~/.bun/bin`), else the file alone.
 */
export function programFolder(program: string, home: string): string {
  const folder = dirname(program);
  const prefix = dirname(folder);
  if (basename(prefix) === "runtime") return folder;
  if (basename(folder) !== "bin" || [home, join(home, ".local"), "/usr", "/usr/local"].includes(prefix)) return program;
  return existsSync(join(prefix, "lib")) ? prefix : folder;
}
