// `start`: an entry becomes a running service, or a defined one is started.

import { existsSync, realpathSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { isDeepStrictEqual } from "node:util";
import type { Reading } from "../backend/backend.ts";
import { Bs9Error, exitStatus, failed, notFound, reasonOf, usage } from "../base/errors.ts";
import { nearest, shellWord } from "../base/text.ts";
import { bundle } from "../runtime/bundle.ts";
import { isInVirtualEnvironment } from "../runtime/command.ts";
import { pinRuntime, runtimeFolder, runtimeVersion } from "../runtime/pin.ts";
import { findCommand, findEntry, isScript } from "../service/entry.ts";
import type { FoundEntry, RuntimeKind, StartInput } from "../service/input.ts";
import { checkName, defaultName } from "../service/name.ts";
import { type Difference, difference, needsRestart } from "../service/plan.ts";
import { resolve, type Surroundings } from "../service/resolve.ts";
import { projectRoot } from "../service/root.ts";
import type { Spec } from "../service/spec.ts";
import { change, checkSandbox, foresee } from "./change.ts";
import type { Deps } from "./deps.ts";
import { changeToBuild, type Gain } from "./gain.ts";
import { type Finding, inspect } from "./inspect.ts";
import { keepAgent } from "./keep-agent.ts";
import { checkPort } from "./ports.ts";
import { causeOf, type Readiness, ready } from "./ready.ts";
import { type Entry, recorded, recordingRefusal } from "./recorded.ts";
import { recover } from "./recover.ts";
import { sweepUnused } from "./unused.ts";

export type Started = {
  name: string;
  result: "started" | "changed" | "unchanged";
  readiness: Readiness | null;
  differences: Difference[];
  findings: Finding[];
  /** What `--build` has gained, measured. */
  gain: Gain | null;
};

export type Planned = {
  spec: Spec;
  will: "define" | "start" | "change" | "nothing";
  differences: Difference[];
  unit: string;
  findings: Finding[];
};

/** Defines and starts a service, or applies the difference to a known one. */
export async function startEntry(word: string, input: StartInput, deps: Deps, options: { linger: boolean }): Promise<Started> {
  const { spec: asked } = specOf(word, input, deps);
  const entry: Entry = { act: "start", targets: [asked.name], differences: [] };
  // Before anything is written: a refused start leaves nothing but its record in the trail.
  const findings = await recordingRefusal(deps, entry, async () => {
    const found = await inspect(asked);
    await foresee(deps, asked);
    return found;
  });
  const work = async (): Promise<Started> => {
    await recover(deps);
    try {
      return await started();
    } finally {
      await keepAgent(deps);
    }
  };
  const started = async (): Promise<Started> => {
    const { spec: source, known } = specOf(word, input, deps);
    entry.targets = [source.name];
    await deps.backend.claim(source.name);
    // Another command may have changed the service since.
    await foresee(deps, source);
    const bundled = input.build === true ? await bundle(source, deps.share) : null;
    const spec = bundled === null ? source : { ...source, build: bundled.build };
    const differences = difference(known, spec);
    entry.differences = differences;
    const told = { name: spec.name, differences, findings, gain: null };
    const [reading] = await deps.backend.read([spec.name]);
    // A link on the way to the entry may lead elsewhere by now: a restart would follow it.
    const isCurrent = known !== null && isUp(reading) && !needsRestart(differences) && (await deps.backend.isDefined(spec));
    if (isCurrent && differences.length === 0) return { ...told, result: "unchanged", readiness: null };
    if (isCurrent) {
      const readiness = await judgeRunning(spec, deps, reading?.restarts ?? 0);
      deps.registry.commit(spec);
      return { ...told, result: "changed", readiness };
    }
    checkPort(spec, reading?.group ?? null);
    if (spec.runtime.kind === "bs9" && spec.runtime.version === runtimeVersion) pinRuntime(deps.share);
    const changed = bundled === null ? await change(deps, spec, known) : await changeToBuild(deps, spec, known, bundled);
    // Every spec is read for it: only where one has left a runtime.
    if (known !== null && !isDeepStrictEqual(known.runtime, spec.runtime)) sweepUnused(deps);
    if (options.linger) await askToLinger(deps);
    return { ...told, result: known === null || (differences.length === 0 && !isUp(reading)) ? "started" : "changed", ...changed };
  };
  return recorded(deps, entry, work, ({ result }) => ({ message: result, failed: [], exitStatus: exitStatus.done }));
}

/** One that waits between restarts is not up: starting it again begins from a clean slate. */
function isUp(reading: Reading | undefined): boolean {
  return reading?.state === "active" || (reading?.state === "activating" && reading.restarts === 0);
}

/** What changes for bs9 alone is judged on the process that runs; one that does not pass leaves all as it was. */
async function judgeRunning(spec: Spec, deps: Deps, restarts: number): Promise<Readiness | null> {
  if (spec.waitMs === 0) return null;
  const readiness = await ready(spec, deps, restarts);
  if (!readiness.ready) throw failed(`cannot change ${spec.name}: ${causeOf(readiness, null)}`, { hint: `bs9 logs ${spec.name}` });
  await checkSandbox(deps, spec);
  return readiness;
}

/** What `start` would do, with nothing written. */
export async function planEntry(word: string, input: StartInput, deps: Deps): Promise<Planned> {
  const { spec, known } = specOf(word, input, deps);
  await deps.backend.claim(spec.name);
  const differences = difference(known, spec);
  const [reading] = await deps.backend.read([spec.name]);
  checkPort(spec, reading?.group ?? null);
  await foresee(deps, spec);
  const isCurrent = isUp(reading) && (await deps.backend.isDefined(spec));
  const will =
    known === null ? "define" : differences.length > 0 || (isUp(reading) && !isCurrent) ? "change" : isCurrent ? "nothing" : "start";
  return { spec, will, differences, unit: await deps.backend.unitText(spec), findings: await inspect(spec) };
}

export async function askToLinger(deps: Deps): Promise<void> {
  const trouble = await deps.backend.linger();
  if (trouble !== null) deps.warn(trouble);
}

function specOf(word: string, input: StartInput, deps: Deps): { spec: Spec; known: Spec | null } {
  const defined = deps.registry.get(word.match(/^[a-z][a-z0-9-]*$/) ? word : "") ?? null;
  const entry: FoundEntry = defined !== null && input.name === undefined ? { ...defined.entry, onPath: false } : found(word, input, deps);
  const name = checkName(input.name ?? (defined !== null ? defined.name : defaultName(entry.path)));
  const known = deps.registry.get(name);
  const spec = resolve({ ...input, name }, entry, known, surroundings(entry, input, known, deps), deps.defaults);
  checkPaths(spec);
  return { spec, known };
}

/** A mistyped name is looked for among the services too. */
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
  const folders =
    input.cwd !== undefined
      ? { root: input.cwd, cwd: input.cwd }
      : sameEntry
        ? { root: before.root, cwd: before.cwd }
        : foldersOf(entry, deps);
  return {
    ...folders,
    path,
    runtime: runtimeOf(input.runtime ?? (sameEntry ? before.runtime.kind : undefined), entry, before, path, deps),
  };
}

/** A command on PATH works where it is called; an entry of one's own where its project is. */
function foldersOf(entry: FoundEntry, deps: Deps): { root: string; cwd: string } {
  const ofSystem = /^\/(usr|bin|sbin|lib|opt|nix|snap)\//.test(entry.path);
  if (entry.onPath || ofSystem) return { root: projectRoot(deps.cwd, deps.home), cwd: deps.cwd };
  // The Python of a virtual environment works where the environment lies.
  const start = isInVirtualEnvironment(entry.path) ? dirname(dirname(dirname(entry.path))) : dirname(entry.path);
  const root = projectRoot(start, deps.home);
  return { root, cwd: root };
}

function runtimeOf(kind: RuntimeKind | undefined, entry: FoundEntry, before: Spec | null, path: string, deps: Deps): Spec["runtime"] {
  const chosen = kind ?? (isScript(entry.path) ? deps.defaults.runtime : "none");
  if (chosen === "none") {
    if (isScript(entry.path) && findCommand(entry.path, "/") === null && !isExecutable(entry)) {
      throw failed(`cannot start ${entry.path} without a runtime: it is not executable`, { hint: `chmod +x ${shellWord(entry.path)}` });
    }
    return { kind: "none" };
  }
  if (chosen === "bs9") {
    // A known one stays on the runtime it has, so that a new bs9 changes no app; `restart --runtime latest` moves it.
    const pinned =
      before?.runtime.kind === "bs9" && existsSync(runtimeFolder(deps.share, before.runtime.version))
        ? before.runtime.version
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
    if (!existsSync(folder)) throw failed(`cannot start ${spec.name}: ${folder} is not there`, { hint: `mkdir -p ${shellWord(folder)}` });
  }
  if (!statSync(spec.cwd).isDirectory())
    throw failed(`cannot start ${spec.name}: ${spec.cwd} is no folder`, { hint: `bs9 start … --cwd ${shellWord(dirname(spec.cwd))}` });
  const reserved = Object.keys(spec.env).find((name) => !/^[A-Za-z_][A-Za-z0-9_]*$/.test(name) || unsettable.has(name));
  if (reserved !== undefined) throw usage(`the environment variable ${JSON.stringify(reserved)} cannot be given to a service`);
}

// The first two would turn the runtime; the shell on the way sets the next ones itself; JSON records lose the last.
const unsettable = new Set([
  "BUN_OPTIONS",
  "BUN_BE_BUN",
  "_",
  "PPID",
  "OPTIND",
  "SHELLOPTS",
  "BASHOPTS",
  "__proto__",
  "constructor",
  "prototype",
]);
