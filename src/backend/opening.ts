// What of the file system a service's sandbox opens: its project, its runtime, and what both lead to.

import { accessSync, constants, existsSync, realpathSync, statSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { type Bs9Error, failed } from "../base/errors.ts";
import { isWithin, type Paths, resolvedPath } from "../base/paths.ts";
import { shellWord } from "../base/text.ts";
import { type Command, isInVirtualEnvironment } from "../runtime/command.ts";
import { findCommand, isScript, shebangOf } from "../service/entry.ts";
import { isHomeOrAbove } from "../service/root.ts";
import type { Spec } from "../service/spec.ts";
import { importsOf } from "./imports.ts";
import { linkedPackages } from "./linked-packages.ts";
import { linkOnTheWay } from "./stray.ts";

export type Opening = {
  writable: string[];
  readable: string[];
  /** The working folder, links resolved: in the sandbox they may lead nowhere. */
  cwd: string;
  /** May be gone by the next start. */
  optional: string[];
  /** Folders of programs that the PATH reaches only by links, which are not there in the sandbox. */
  programs: string[];
  /** Why only the entry and what it imports is opened and not its root: that is home or above, or holds bs9's own files. */
  narrowed: "home" | "bs9" | null;
  /** What the user opens although bs9's own files are in it: the service could change what it runs as. */
  exposed: string[];
};

export type OwnFolders = Pick<Paths, "home" | "config" | "share" | "state" | "cache" | "units">;

/** A folder with nothing in it, below home, so that home is there. */
export const emptyFolder = (share: string): string => join(share, "empty");

/** Throws where the service itself may have made a link out of what is open to it, on the way to what is run. */
export function openingOf(spec: Spec, command: Command, folders: OwnFolders): Opening {
  const { home, share } = folders;
  const root = realpathSync(spec.root);
  const cwd = realpathSync(spec.cwd);
  const narrowed = isHomeOrAbove(root, home) ? "home" : holdsOwn(root, folders) ? "bs9" : null;
  const strict = spec.sandbox.profile === "strict";
  const given = {
    writable: spec.sandbox.writable.map((path) => realpathSync(path)),
    readable: spec.sandbox.readable.map((path) => realpathSync(path)),
  };
  const writable = outermost([...(narrowed !== null || strict ? [] : [root]), ...given.writable]);
  const readable = [...(strict && narrowed === null ? [root] : []), ...given.readable];
  // Without a sandbox nothing is opened by following what the service has made: it may read all of it as it is.
  const isShut = spec.sandbox.profile !== "off";
  const isWritable = (path: string) => isShut && writable.some((folder) => isWithin(path, folder));
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
  };
  if (isShut) {
    checkProgram(spec.entry.path, ground, (real) => `bs9 start ${shellWord(real)} --name ${spec.name}`);
    checkFolder(spec.root, "--cwd", writable, spec.name);
    if (hidden(cwd)) checkFolder(spec.cwd, "--cwd", writable, spec.name);
    for (const path of spec.sandbox.writable) checkFolder(path, "--writable", writable, spec.name);
    for (const path of spec.sandbox.readable) checkFolder(path, "--readable", writable, spec.name);
  }
  if (narrowed !== null) {
    for (const file of isScript(command.entry) ? importsOf(command.entry, isWritable) : [command.entry]) open(file);
    for (const file of ["package.json", "tsconfig.json", "bunfig.toml"]) open(join(dirname(command.entry), file));
    for (const word of spec.args) if (!isHomeOrAbove(resolve(cwd, word), home)) open(resolve(cwd, word));
  }
  if (!isWithin(cwd, root) && !isHomeOrAbove(cwd, home)) open(cwd);
  if (!isWithin(command.entry, root)) open(command.entry);
  if (command.build !== null) open(command.build);
  for (const program of programsOf(command, ground)) {
    if (!existsSync(program)) continue;
    open(programFolder(realpathSync(program), home));
    if (isInVirtualEnvironment(program)) open(dirname(dirname(program)));
    else if (hidden(program) && realpathSync(program) !== program) programs.add(dirname(realpathSync(program)));
  }
  for (const path of linkedPackages(root, dirname(command.entry), narrowed !== null, home)) open(path);
  // A folder that nothing is opened in is not there, and could not be worked in.
  if (hidden(cwd) && ![...writable, ...readable, ...optional].some((path) => isWithin(path, cwd) || isWithin(cwd, path)))
    open(emptyFolder(share));
  const covered = [...writable, ...readable];
  const beside = [...optional].filter(
    (path) => !covered.some((folder) => isWithin(path, folder)) && !isBelowOneOf(dirname(path), optional),
  );
  if (isShut && beside.length > maxMounts)
    throw failed(
      `cannot start ${spec.name}: links among its packages lead to ${beside.length} places outside of ${root}, and ${maxMounts} can be opened`,
      {
        hint: "install the packages in the project itself, or start it from the folder that holds them all: --cwd FOLDER",
      },
    );
  return {
    writable,
    readable,
    cwd,
    optional: beside,
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

function holdsOwn(folder: string, { config, share, state, cache, units }: OwnFolders): boolean {
  return [config, share, state, cache, units].map(resolvedPath).some((own) => isWithin(own, folder) || isWithin(folder, own));
}

/** What makes a way to a path one that the service may have laid. */
type Ground = {
  spec: Spec;
  isWritable: (path: string) => boolean;
  isHidden: (path: string) => boolean;
  /** Open whatever leads there. */
  isOpenAnyway: (path: string) => boolean;
};

/**
 * A service may put a link in the place of what it is run by; what that leads to would be opened to it at the next start.
 * By which way it is reached from outside of what it may write does not matter: `current` leads where its owner says.
 */
function checkProgram(program: string, { spec, isWritable, isHidden, isOpenAnyway }: Ground, hint: (real: string) => string): void {
  const real = realpathSync(program);
  if (!isHidden(real) || isWritable(real)) return;
  const link = linkOnTheWay(program, isWritable);
  if (link === null || isPythonOfEnvironment(program, real) || isOpenAnyway(real)) return;
  throw astray(spec.name, link, real, hint(real));
}

/** A folder that is opened as it is named may be below another one, where the service may put a link in its place. */
function checkFolder(path: string, option: string, writable: string[], name: string): void {
  const real = realpathSync(path);
  const isMeant = (place: string) => writable.some((folder) => isWithin(place, folder) && !isWithin(real, folder));
  const link = linkOnTheWay(path, isMeant);
  if (link !== null) throw astray(name, link, real, `bs9 start … ${option} ${shellWord(real)}`);
}

function astray(name: string, link: string, real: string, hint: string): Bs9Error {
  const message = `cannot start ${name}: ${link} leads out of what the service may write, to ${real}, and the service could have made it`;
  return failed(message, { hint });
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

/** The programs that an exec of this command goes through: the runtime, the entry, its interpreter. */
function programsOf(command: Command, ground: Ground): string[] {
  const program = command.runtime ?? command.entry;
  const words = shebangOf(program);
  const interpreter = words === null ? null : interpreterOf(words, program, ground);
  const programs = interpreter === null ? [program] : [program, interpreter];
  for (const one of programs) if (existsSync(one)) checkProgram(one, ground, (real) => `ls -l ${shellWord(one)} ${shellWord(real)}`);
  return programs;
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
  throw failed(
    `cannot start ${spec.name}: ${program} is to be run by ${interpreter}, which is not on its PATH, and the service could have written so`,
    { hint: `bs9 start ${shellWord(interpreter)} --name ${spec.name} -- ${shellWord(program)}` },
  );
}

/**
 * What a program under home lives from: its whole prefix where that is one of its own
 * (`~/.nvm/versions/node/v22`), else its folder in a tool's own place (`~/.bun/bin`), else the file alone.
 */
function programFolder(program: string, home: string): string {
  const folder = dirname(program);
  const prefix = dirname(folder);
  if (basename(prefix) === "runtime") return folder;
  if (basename(folder) !== "bin" || [home, join(home, ".local"), "/usr", "/usr/local"].includes(prefix)) return program;
  return existsSync(join(prefix, "lib")) ? prefix : folder;
}
