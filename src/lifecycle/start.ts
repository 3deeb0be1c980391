// `start`: an entry becomes a running service, or a defined service is changed. Each step takes what the one before it made.
import type { Directories } from "../backend/directories.ts";
import { exitStatus, failed } from "../base/errors.ts";
import { type Bundle, bundle } from "../runtime/bundle.ts";
import { pinRuntime, runtimeVersion } from "../runtime/pin.ts";
import type { StartInput } from "../service/input.ts";
import type { Difference } from "../service/plan.ts";
import type { Spec } from "../service/spec.ts";
import { type Changed, change } from "./change.ts";
import type { Deps } from "./deps.ts";
import { changeToBuild, type Gain } from "./gain.ts";
import { keepPreload, sentenceOnInject } from "./injected.ts";
import { type AuditFinding, inspect } from "./inspect.ts";
import { keepAgent } from "./keep-agent.ts";
import { lingerOrWarn } from "./linger.ts";
import { planStart, type StartPlan } from "./plan.ts";
import { checkPort } from "./ports.ts";
import { causeOf, type Readiness, ready } from "./ready.ts";
import { recorded, recordRefusal, type TrailEntry } from "./recorded.ts";
import { recover } from "./recover.ts";
import { checkSandbox, foresee } from "./required.ts";
import { sentencesOn } from "./reread.ts";
import { type Specified, specOf } from "./specify.ts";
import { sweepUnused } from "./unused.ts";

export type Started = {
  name: string;
  result: "started" | "changed" | "unchanged";
  readiness: Readiness | null;
  differences: Difference[];
  findings: AuditFinding[];
  /** What `--build` has gained, measured. */
  gain: Gain | null;
  /** The directories that the sandbox opens; null where nothing was started. */
  directories: Directories | null;
};

/** What became of a plan. */
type Outcome = Pick<Started, "result" | "readiness" | "gain" | "directories">;

type Options = { linger: boolean };

/** Defines and starts a service, or applies the difference to a known one. */
export async function startEntry(word: string, input: StartInput, deps: Deps, options: Options): Promise<Started> {
  const { spec: asked } = await specOf(word, input, deps);
  const entry: TrailEntry = { act: "start", targets: [asked.name], differences: [] };
  const findings = await admit(asked, entry, deps);
  return recorded(deps, entry, async () => {
    await recover(deps);
    try {
      // Another command may have changed the service before this one got the lock, so the words are read again.
      const specified = await specOf(word, input, deps);
      entry.targets = [specified.spec.name];
      await claim(specified, deps);
      const bundled = input.build === true ? await bundle(specified.spec, deps.share) : null;
      const spec = bundled === null ? specified.spec : { ...specified.spec, build: bundled.build };
      const plan = await planStart(spec, specified.known, deps);
      entry.differences = plan.differences;
      const outcome = await carryOut(plan, bundled, deps, options);
      const sentence = outcome.result === "changed" && plan.known !== null ? sentenceOnInject(plan.known, spec) : null;
      if (sentence !== null) deps.warn(sentence);
      const started: Started = { name: spec.name, differences: plan.differences, findings, ...outcome };
      return { value: started, result: { message: started.result, failed: [], exitStatus: exitStatus.done } };
    } finally {
      await keepAgent(deps);
    }
  });
}

/** Audits the entry before anything is written: a refused start leaves only its record in the trail. */
async function admit(spec: Spec, entry: TrailEntry, deps: Deps): Promise<AuditFinding[]> {
  try {
    const findings = await inspect(spec);
    await foresee(deps, spec);
    return findings;
  } catch (error) {
    await recordRefusal(deps, entry, error);
    throw error;
  }
}

async function claim({ spec, renewed }: Specified, deps: Deps): Promise<void> {
  for (const sentence of renewed === null ? [] : sentencesOn(spec.name, renewed)) deps.warn(sentence);
  await deps.backend.claim(spec.name);
  await foresee(deps, spec);
}

async function carryOut(plan: StartPlan, bundled: Bundle | null, deps: Deps, options: Options): Promise<Outcome> {
  const nothing = { readiness: null, gain: null, directories: null };
  if (plan.will === "nothing") return { ...nothing, result: "unchanged" };
  if (plan.runsOn) return { ...nothing, result: "changed", readiness: await changeRunning(plan, deps) };
  return bringUp(plan, bundled, deps, options);
}

/**
 * Applies a change of settings that only bs9 uses, after checking the running process. If the check fails, nothing is changed.
 */
async function changeRunning({ spec, reading }: StartPlan, deps: Deps): Promise<Readiness | null> {
  const readiness = spec.waitMs === 0 ? null : await ready(spec, deps, reading?.restarts ?? 0);
  if (readiness?.ready === false)
    throw failed(`cannot change ${spec.name}: ${causeOf(readiness, null)}`, { hint: `bs9 logs ${spec.name}` });
  if (readiness !== null) await checkSandbox(deps, spec);
  deps.registry.commit(spec);
  return readiness;
}

async function bringUp(plan: StartPlan, bundled: Bundle | null, deps: Deps, { linger }: Options): Promise<Outcome> {
  const { spec, known, reading } = plan;
  await checkPort(spec, reading?.group ?? null, deps);
  if (spec.runtime.kind === "bs9" && spec.runtime.version === runtimeVersion) pinRuntime(deps.share);
  keepPreload(spec, deps.share);
  // The opened directories are determined before the service runs, because the service may replace its own files. If that fails
  // here, defining the service fails as well and says why.
  const directories = await deps.backend.directories(spec).catch(() => null);
  const changed: Changed & { gain?: Gain } =
    bundled === null ? await change(deps, spec, known, reading) : await changeToBuild(deps, spec, known, reading, bundled);
  // Sweeping reads every spec, so it is done only where the service has left a runtime or a preload.
  const hasLeft = known !== null && !Bun.deepEquals([known.runtime, known.inject], [spec.runtime, spec.inject], true);
  if (hasLeft) sweepUnused(deps);
  if (linger) await lingerOrWarn(deps);
  return { gain: null, ...changed, directories, result: plan.will === "change" ? "changed" : "started" };
}
