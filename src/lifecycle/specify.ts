// Makes the spec of a service from the arguments of `start`: its entry, its name, its project and its runtime.
import { existsSync, realpathSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { Bs9Error, failed, notFound, reasonOf } from "../base/errors.ts";
import { isWithin, resolvedPath } from "../base/paths.ts";
import { nearest, shellWord } from "../base/text.ts";
import { runtimeFolder, runtimeVersion } from "../runtime/pin.ts";
import { findCommand, findEntry, isScript } from "../service/entry.ts";
import { expanded } from "../service/expanded.ts";
import { checkGiven } from "../service/given.ts";
import type { FoundEntry, RuntimeKind, StartInput } from "../service/input.ts";
import { checkName, defaultName } from "../service/name.ts";
import { isInVirtualEnvironment, isPythonItself } from "../service/python.ts";
import { resolve, type Surroundings } from "../service/resolve.ts";
import { isHomeOrAbove, packageName, projectRoot } from "../service/root.ts";
import type { Spec } from "../service/spec.ts";
import type { Deps } from "./deps.ts";
import { injectNow, lacksPreload } from "./injected.ts";
import { type Reread, reread } from "./reread.ts";

/** `renewed` is the result of reading the known environment files again; null if they were not read. */
export type Specified = { spec: Spec; known: Spec | null; renewed: Reread | null };

/**
 * Makes the spec of a service from the entry and the options of `start`. Throws if the entry cannot be found, and if the name
 * belongs to a service of another project.
 */
export async function specOf(given: string, asked: StartInput, deps: Deps): Promise<Specified> {
  // A defined name comes before a directory of that name.
  const defined = deps.registry.get(given.match(/^[a-z][a-z0-9-]*$/) ? given : "") ?? null;
  const { word, input } = defined !== null && asked.name === undefined ? { word: given, input: asked } : expanded(given, asked, deps);
  const isDefined = defined !== null && input.name === undefined;
  const entry: FoundEntry = isDefined ? { ...defined.entry, onPath: false } : found(word, input, deps);
  const name = checkName(input.name ?? defined?.name ?? nameOf(entry, input, deps));
  const known = deps.registry.get(name);
  if ((input.name === undefined || input.fileFolder !== undefined) && !isDefined && known !== null)
    checkProject(known, word, entry, input, deps);
  // Without environment files in the input, those of the known service are read again.
  const renewed = known === null || input.reset || input.envFiles !== undefined ? null : await reread(known);
  const envFiles = input.envFiles ?? renewed?.spec.envFiles;
  const bare = resolve({ ...input, name, envFiles }, entry, known, surroundings(entry, input, known, deps), deps.defaults);
  checkPaths(bare);
  const inject = await injectOf(bare, input, known, deps);
  return { spec: inject === undefined ? bare : { ...bare, inject }, known, renewed };
}

/**
 * A known service keeps its preload, and keeps running without one if an older bs9 defined it: `restart` changes that. It gets
 * a new one together with another program, and with --reset.
 */
async function injectOf(spec: Spec, input: StartInput, known: Spec | null, deps: Deps): Promise<Spec["inject"]> {
  const before = input.reset ? null : known;
  const wasLeftOut = before?.inject?.by === "none" && before.inject.why === "option";
  if (input.inject === false || (input.inject === undefined && wasLeftOut)) return { by: "none", why: "option" };
  const isSame = before !== null && before.entry.path === spec.entry.path && Bun.deepEquals(before.runtime, spec.runtime);
  if (isSame && !wasLeftOut && !lacksPreload(before, deps.share)) return before.inject;
  return injectNow(spec, deps);
}

/** The name that the service would get. Throws if the entry cannot be found. */
export function nameFor(given: string, asked: StartInput, deps: Deps): string {
  const { word, input } = expanded(given, asked, deps);
  return input.name ?? nameOf(found(word, input, deps), input, deps);
}

function nameOf(entry: FoundEntry, input: StartInput, deps: Deps): string {
  const { root } = rootOf(entry, input, deps);
  const isNameless = isCommand(entry) || isPythonItself(entry.path) || input.isProject === true;
  return defaultName({ entry: entry.path, isCommand: isNameless, root, packageName: packageName(root) });
}

/** Throws if a service of another project already has the default name. That service keeps running, and nothing is changed. */
function checkProject(known: Spec, word: string, entry: FoundEntry, input: StartInput, deps: Deps): void {
  const { root } = rootOf(entry, input, deps);
  if (resolvedPath(root) === resolvedPath(known.root) || isOfFile(known, input.fileFolder, deps)) return;
  throw failed(`cannot start ${entry.path} as ${known.name}: the service ${known.name} belongs to another project`, {
    details: [`${known.name} runs ${known.entry.path} in ${known.root}`, `this command would run ${entry.path} in ${root}`],
    hint: `bs9 start ${shellWord(word)} --name ${known.name}-2`,
  });
}

/** True if the known service belongs to the project of the file of services, which may give it another working directory. */
function isOfFile(known: Spec, fileFolder: string | undefined, deps: Deps): boolean {
  if (fileFolder === undefined) return false;
  const folder = resolvedPath(fileFolder);
  const project = resolvedPath(projectRoot(fileFolder, deps.home));
  const root = resolvedPath(known.root);
  // A service whose working directory is the home directory does not belong to every project in it.
  const isBelow = isWithin(folder, root) && !isHomeOrAbove(root, resolvedPath(deps.home));
  return isWithin(root, project) || isWithin(resolvedPath(known.entry.path), project) || isBelow;
}

/** Finds the entry. Throws if there is none, and then suggests a service with a similar name. */
function found(word: string, input: StartInput, deps: Deps): FoundEntry {
  try {
    return findEntry(word, deps.cwd, deps.path, input.runtime !== undefined && input.runtime !== "none");
  } catch (error) {
    const guess = error instanceof Bs9Error && error.code === "not-found" ? nearest(word, deps.registry.names()) : null;
    if (guess === null) throw error;
    throw notFound(`${reasonOf(error)}; did you mean '${guess}'?`, { hint: `bs9 start ${guess}` });
  }
}

function surroundings(entry: FoundEntry, input: StartInput, known: Spec | null, deps: Deps): Surroundings {
  const before = input.reset ? null : known;
  const path = known?.path ?? deps.path;
  const sameEntry = before !== null && before.entry.path === entry.path;
  const folders = input.cwd === undefined && sameEntry ? { root: before.root, cwd: before.cwd } : rootOf(entry, input, deps);
  return {
    ...folders,
    path,
    runtime: runtimeOf(input.runtime ?? (sameEntry ? before.runtime.kind : undefined), entry, known, path, deps),
  };
}

/** True for a program that is not part of a project, such as npm or python3. */
function isCommand(entry: FoundEntry): boolean {
  return entry.onPath || /^\/(usr|bin|sbin|lib|opt|nix|snap)\//.test(entry.path);
}

/**
 * The project root and working directory. A command, or a program of a virtual environment, works in the caller's directory; any
 * other entry works in the root of its project.
 */
function rootOf(entry: FoundEntry, input: StartInput, deps: Deps): { root: string; cwd: string } {
  if (input.cwd !== undefined) return { root: input.cwd, cwd: input.cwd };
  if (isCommand(entry) || isInVirtualEnvironment(entry.path)) return { root: projectRoot(deps.cwd, deps.home), cwd: deps.cwd };
  const root = projectRoot(dirname(entry.path), deps.home);
  return { root, cwd: root };
}

function runtimeOf(kind: RuntimeKind | undefined, entry: FoundEntry, known: Spec | null, path: string, deps: Deps): Spec["runtime"] {
  const chosen = kind ?? (isScript(entry.path) ? deps.defaults.runtime : "none");
  if (chosen === "none") {
    if (isScript(entry.path) && findCommand(entry.path, "/") === null && !isExecutable(entry)) {
      throw failed(`cannot start ${entry.path} without a runtime: it is not executable`, { hint: `chmod +x ${shellWord(entry.path)}` });
    }
    return { kind: "none" };
  }
  if (chosen === "bs9") {
    // A known service keeps its runtime, even with --reset, so that an upgrade of bs9 restarts no service; `restart --runtime
    // latest` changes it.
    const pinned =
      known?.runtime.kind === "bs9" && existsSync(runtimeFolder(deps.share, known.runtime.version))
        ? known.runtime.version
        : runtimeVersion;
    return { kind: "bs9", version: pinned };
  }
  const found = findCommand(chosen, path) ?? findCommand(chosen, deps.path);
  if (found === null)
    throw failed(`there is no ${chosen} on PATH to run ${entry.path} on`, { hint: `bs9 start ${shellWord(entry.path)} --runtime bs9` });
  return { kind: chosen, path: realpathSync(found) };
}

function isExecutable(entry: FoundEntry): boolean {
  return entry.kind === "executable";
}

function checkPaths(spec: Spec): void {
  for (const folder of [spec.cwd, ...spec.sandbox.writable, ...spec.sandbox.readable]) {
    if (!existsSync(folder))
      throw failed(`${folder} does not exist`, { lead: `cannot start ${spec.name}`, hint: `mkdir -p ${shellWord(folder)}` });
  }
  if (!statSync(spec.cwd).isDirectory())
    throw failed(`${spec.cwd} is not a directory`, {
      lead: `cannot start ${spec.name}`,
      hint: `bs9 start … --cwd ${shellWord(dirname(spec.cwd))}`,
    });
  checkGiven(spec);
}
