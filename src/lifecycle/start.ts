// `start`: an entry becomes a running service, or a defined one is started.
import type { Reading } from "../backend/backend.ts";
import type { Directories } from "../backend/directories.ts";
import { exitStatus, failed } from "../base/errors.ts";
import { bundle } from "../runtime/bundle.ts";
import { pinRuntime, runtimeVersion } from "../runtime/pin.ts";
import type { StartInput } from "../service/input.ts";
import { type Difference, difference, needsRestart } from "../service/plan.ts";
import type { Spec } from "../service/spec.ts";
import { change, checkSandbox, foresee } from "./change.ts";
import type { Deps } from "./deps.ts";
import { changeToBuild, type Gain } from "./gain.ts";
import { type AuditFinding, inspect } from "./inspect.ts";
import { keepAgent } from "./keep-agent.ts";
import { checkPort } from "./ports.ts";
import { causeOf, type Readiness, ready } from "./ready.ts";
import { recorded, recordingRefusal, type TrailEntry } from "./recorded.ts";
import { recover } from "./recover.ts";
import { sentencesOn } from "./reread.ts";
import { specOf } from "./specify.ts";
import { sweepUnused } from "./unused.ts";

export type Started = {
  name: string;
  result: "started" | "changed" | "unchanged";
  readiness: Readiness | null;
  differences: Difference[];
  findings: AuditFinding[];
  /** What `--build` has gained, measured. */
  gain: Gain | null;
  /** What is open to it; null where nothing has changed. */
  directories: Directories | null;
};

export type Planned = {
  spec: Spec;
  will: "define" | "start" | "change" | "nothing";
  differences: Difference[];
  unit: string;
  findings: AuditFinding[];
};

/** Defines and starts a service, or applies the difference to a known one. */
export async function startEntry(word: string, input: StartInput, deps: Deps, options: { linger: boolean }): Promise<Started> {
  const { spec: asked } = await specOf(word, input, deps);
  const entry: TrailEntry = { act: "start", targets: [asked.name], differences: [] };
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
    const { spec: source, known, renewed } = await specOf(word, input, deps);
    entry.targets = [source.name];
    for (const sentence of renewed === null ? [] : sentencesOn(source.name, renewed)) deps.warn(sentence);
    await deps.backend.claim(source.name);
    // Another command may have changed the service since.
    await foresee(deps, source);
    const bundled = input.build === true ? await bundle(source, deps.share) : null;
    const spec = bundled === null ? source : { ...source, build: bundled.build };
    const differences = difference(known, spec);
    entry.differences = differences;
    const told = { name: spec.name, differences, findings, gain: null, directories: null };
    const [reading] = await deps.backend.read([spec.name]);
    // A link on the way to the entry may lead elsewhere by now: a restart would follow it.
    const isCurrent = known !== null && isUp(reading) && !needsRestart(differences) && (await deps.backend.isDefined(spec));
    if (isCurrent && differences.length === 0) return { ...told, result: "unchanged", readiness: null };
    if (isCurrent) {
      const readiness = await judgeRunning(spec, deps, reading?.restarts ?? 0);
      deps.registry.commit(spec);
      return { ...told, result: "changed", readiness };
    }
    await checkPort(spec, reading?.group ?? null, deps);
    if (spec.runtime.kind === "bs9" && spec.runtime.version === runtimeVersion) pinRuntime(deps.share);
    // Before it runs, because it may replace its own files. Where they cannot be told, its definition fails and says why.
    const directories = await deps.backend.directories(spec).catch(() => null);
    const changed = bundled === null ? await change(deps, spec, known, reading) : await changeToBuild(deps, spec, known, reading, bundled);
    // Every spec is read for it: only where one has left a runtime.
    if (known !== null && !Bun.deepEquals(known.runtime, spec.runtime, true)) sweepUnused(deps);
    if (options.linger) await lingerOrWarn(deps);
    const result = known === null || (differences.length === 0 && !isUp(reading)) ? "started" : "changed";
    return { ...told, result, directories, ...changed };
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
  const { spec, known } = await specOf(word, input, deps);
  await deps.backend.claim(spec.name);
  const differences = difference(known, spec);
  const [reading] = await deps.backend.read([spec.name]);
  await checkPort(spec, reading?.group ?? null, deps);
  await foresee(deps, spec);
  const isCurrent = isUp(reading) && (await deps.backend.isDefined(spec));
  const will =
    known === null ? "define" : differences.length > 0 || (isUp(reading) && !isCurrent) ? "change" : isCurrent ? "nothing" : "start";
  return { spec, will, differences, unit: await deps.backend.unitText(spec), findings: await inspect(spec) };
}

export async function lingerOrWarn(deps: Deps): Promise<void> {
  const trouble = await deps.backend.linger();
  if (trouble !== null) deps.warn(trouble);
}
