// Decides what a start of an entry would do, which `--dry-run` shows; changes nothing.
import type { Reading } from "../backend/backend.ts";
import type { StartInput } from "../service/input.ts";
import { type Difference, difference, needsRestart } from "../service/plan.ts";
import type { Spec } from "../service/spec.ts";
import type { Deps } from "./deps.ts";
import { type AuditFinding, inspect } from "./inspect.ts";
import { checkPort } from "./ports.ts";
import { foresee } from "./required.ts";
import { specOf } from "./specify.ts";

export type StartPlan = {
  spec: Spec;
  known: Spec | null;
  differences: Difference[];
  reading: Reading | undefined;
  will: "define" | "start" | "change" | "nothing";
  /** True if the process is not restarted, because only settings change that bs9 itself uses. */
  runsOn: boolean;
};

export type Planned = Pick<StartPlan, "spec" | "will" | "differences"> & { unit: string; findings: AuditFinding[] };

/** Returns what `start` would do with this entry and these options. Throws if `start` would refuse them. */
export async function planEntry(word: string, input: StartInput, deps: Deps): Promise<Planned> {
  const specified = await specOf(word, input, deps);
  await deps.backend.claim(specified.spec.name);
  const { spec, will, differences, reading } = await planStart(specified.spec, specified.known, deps);
  await checkPort(spec, reading?.group ?? null, deps);
  await foresee(deps, spec);
  return { spec, will, differences, unit: await deps.backend.unitText(spec), findings: await inspect(spec) };
}

export async function planStart(spec: Spec, known: Spec | null, deps: Deps): Promise<StartPlan> {
  const differences = difference(known, spec);
  const [reading] = await deps.backend.read([spec.name]);
  const isRunning = isUp(reading);
  // A symbolic link on the way to the entry may have another target by now, which only a restart would follow.
  const runsOn = known !== null && isRunning && !needsRestart(differences) && (await deps.backend.isDefined(spec));
  return { spec, known, differences, reading, runsOn, will: willOf() };

  function willOf(): StartPlan["will"] {
    if (known === null) return "define";
    if (differences.length > 0) return "change";
    if (runsOn) return "nothing";
    return isRunning ? "change" : "start";
  }
}

/** A service that waits between restarts is not up: starting it again resets its counts and delays. */
function isUp(reading: Reading | undefined): boolean {
  return reading?.state === "active" || (reading?.state === "activating" && reading.restarts === 0);
}
