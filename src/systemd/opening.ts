// What of the file system a service's sandbox opens: its project, its runtime, and what both lead to.
import { existsSync, lstatSync, readdirSync, readlinkSync, realpathSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import type { Paths } from "../base/paths.ts";
import { type Command, isInVirtualEnvironment } from "../runtime/command.ts";
import { findCommand, isScript, shebangOf } from "../service/entry.ts";
import { isHomeOrAbove } from "../service/root.ts";
import type { Spec } from "../service/spec.ts";
import { importsOf } from "./imports.ts";

export type Opening = {
  writable: string[];
  readable: string[];
  /** The working folder, links resolved: in the sandbox they may lead nowhere. */
  cwd: string;
  /** May be gone by the next start. */
  optional: string[];
  /** Folders of programs that the PATH reaches only by links, which are not there in the sandbox. */
  programs: string[];
  /** The project root is home or above, so that only the entry and what it imports is opened. */
  narrowed: boolean;
};

/** A folder with nothing in it, below home, so that home is there. */
export const emptyFolder = (share: string): string => join(share, "empty");

/** More linked packages than this are not followed. */
const maxLinks = 2000;

export function openingOf(spec: Spec, command: Command, { home, share }: Pick<Paths, "home" | "share">): Opening {
  const root = realpathSync(spec.root);
  const cwd = realpathSync(spec.cwd);
  const narrowed = isHomeOrAbove(root, home);
  const strict = spec.sandbox.profile === "strict";
  const writable = [...(narrowed || strict ? [] : [root]), ...spec.sandbox.writable.map((path) => realpathSync(path))];
  const readable = [...(strict && !narrowed ? [root] : []), ...spec.sandbox.readable.map((path) => realpathSync(path))];
  const optional = new Set<string>();
  const programs = new Set<string>();
  const hidden = (path: string) => ["/home", "/root", "/run/user", "/tmp", "/var/tmp", home].some((folder) => isWithin(path, folder));
  const open = (path: string) => {
    if (hidden(path) && existsSync(path)) optional.add(path);
  };

  if (narrowed) {
    for (const file of isScript(command.entry) ? importsOf(command.entry) : [command.entry]) open(file);
    for (const file of ["package.json", "tsconfig.json", "bunfig.toml"]) open(join(dirname(command.entry), file));
    for (const word of spec.args) if (!isHomeOrAbove(resolve(cwd, word), home)) open(resolve(cwd, word));
  }
  if (!isWithin(cwd, root) && !isHomeOrAbove(cwd, home)) open(cwd);
  if (!isWithin(command.entry, root)) open(command.entry);
  if (command.build !== null) open(command.build);
  for (const program of programsOf(spec, command)) {
    if (!existsSync(program)) continue;
    open(programFolder(realpathSync(program), home));
    if (isInVirtualEnvironment(program)) open(dirname(dirname(program)));
    else if (hidden(program) && realpathSync(program) !== program) programs.add(dirname(realpathSync(program)));
  }
  for (const path of linkedPackages(root, dirname(command.entry), narrowed, home)) open(path);
  // A folder that nothing is opened in is not there, and could not be worked in.
  if (hidden(cwd) && ![...writable, ...readable, ...optional].some((path) => isWithin(path, cwd) || isWithin(cwd, path)))
    open(emptyFolder(share));
  const covered = [...writable, ...readable];
  return {
    writable,
    readable,
    cwd,
    optional: [...optional].filter((path) => !covered.some((folder) => isWithin(path, folder)) && !isBelowOneOf(dirname(path), optional)),
    programs: [...programs],
    narrowed,
  };
}

function isWithin(path: string, folder: string): boolean {
  return path === folder || path.startsWith(folder.endsWith("/") ? folder : `${folder}/`);
}

/** A store of linked packages would be a thousand mounts otherwise. */
function isBelowOneOf(path: string, folders: Set<string>): boolean {
  return folders.has(path) || (path !== dirname(path) && isBelowOneOf(dirname(path), folders));
}

/** The programs that an exec of this command goes through: the runtime, the entry, its interpreter. */
function programsOf(spec: Spec, command: Command): string[] {
  const programs = [command.runtime ?? command.entry];
  const words = shebangOf(command.runtime ?? command.entry);
  if (words === null) return programs;
  const [interpreter, ...rest] = words;
  if (interpreter !== undefined && basename(interpreter) !== "env") return [...programs, interpreter];
  const named = rest.find((word) => !word.startsWith("-") && !word.includes("="));
  const found = named === undefined ? null : findCommand(named, spec.path);
  return found === null ? programs : [...programs, found];
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

/** node_modules of the folders above, and packages that links lead out of the project to (workspaces, `npm link`). */
function linkedPackages(root: string, entryFolder: string, narrowed: boolean, home: string): string[] {
  const outside = new Set<string>();
  const seen = new Set<string>();
  const queue = narrowed ? [entryFolder] : [root, entryFolder];
  for (let folder = queue.shift(); folder !== undefined && outside.size < maxLinks; folder = queue.shift()) {
    for (let at = folder; at !== dirname(at) && !seen.has(at); at = dirname(at)) {
      seen.add(at);
      const modules = join(at, "node_modules");
      if (!existsSync(modules)) continue;
      const real = realpathSync(modules);
      if (!isWithin(real, root) || narrowed) outside.add(real);
      for (const { target, links } of linksIn(modules)) {
        if (isHomeOrAbove(target, home) || (isWithin(target, root) && !narrowed) || outside.has(target)) continue;
        // The app may make links itself: only a package is followed, which it cannot make where it does not see.
        if (!existsSync(join(target, "package.json"))) continue;
        for (const link of links) if (narrowed || !isWithin(link, root)) outside.add(link);
        outside.add(target);
        queue.push(target);
      }
    }
  }
  return [...outside];
}

type Link = { target: string; links: string[] };

/** Where the links among the packages lead, and the places of the links on the way there. */
function linksIn(modules: string): Link[] {
  const found: Link[] = [];
  const visit = (folder: string) => {
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      const path = join(folder, entry.name);
      if (entry.name.startsWith("@") && entry.isDirectory()) visit(path);
      else if (entry.isSymbolicLink() && existsSync(path)) found.push({ target: realpathSync(path), links: linksAfter(path) });
    }
  };
  visit(modules);
  return found;
}

/** `bun link` and `yarn link` lead to a link among the global packages; with those it is seen as the link it is. */
function linksAfter(path: string): string[] {
  const next = resolve(realpathSync(dirname(path)), readlinkSync(path));
  const link = join(realpathSync(dirname(next)), basename(next));
  if (!lstatSync(link).isSymbolicLink()) return [];
  const folder = dirname(link);
  const place = basename(folder) === "node_modules" || basename(folder).startsWith("@") ? folder : link;
  return [place, ...linksAfter(link)];
}
