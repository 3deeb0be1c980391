// Runs an act under the registry's lock and records its result in the trail, failures and refusals included.
import type { Backend } from "../backend/backend.ts";
import { Bs9Error, exitStatus, reasonOf } from "../base/errors.ts";
import { stripText, withoutSecrets } from "../service/masking.ts";
import type { Difference } from "../service/plan.ts";
import { type Deps, lockRegistry } from "./deps.ts";

/**
 * The record of an act (start, stop, …) before it is written to the trail; the act adds the services and the changes that it
 * finds.
 */
export type TrailEntry = { act: string; targets: string[]; differences: Difference[] };

/** The part of an act's result that the trail records; `failed` names the targets that failed. */
export type ActResult = { message: string | null; failed: string[]; exitStatus: number };

export type ActingDeps = Pick<Deps, "registry" | "trail" | "warn" | "progress"> & { backend: Pick<Backend, "kind"> };

const maxTextLength = 1000;

/** Records in the trail that an act was refused before it changed anything; any other error leaves no record. */
export async function recordRefusal(deps: ActingDeps, entry: TrailEntry, error: unknown): Promise<void> {
  if (!(error instanceof Bs9Error) || error.code !== "refused") return;
  const result = { message: reasonOf(error), failed: entry.targets, exitStatus: error.exitStatus };
  using _lock = await lockRegistry(deps, whatOf(entry));
  await append(deps, entry, result);
}

function whatOf({ act, targets }: TrailEntry): string {
  return `${act} ${targets.length === 1 ? targets[0] : `${targets.length} services`}`;
}

/**
 * Runs `work` under the lock of the registry, and writes to the trail the result that `work` returns beside its value, or the
 * error that it throws.
 */
export async function recorded<T>(deps: ActingDeps, entry: TrailEntry, work: () => Promise<{ value: T; result: ActResult }>): Promise<T> {
  using _lock = await lockRegistry(deps, whatOf(entry));
  deps.registry.recordBackend(deps.backend.kind);
  using _acting = deps.registry.beginActing(entry.targets);
  try {
    const { value, result } = await work();
    await append(deps, entry, result);
    return value;
  } catch (error) {
    const status = error instanceof Bs9Error ? error.exitStatus : exitStatus.bug;
    await append(deps, entry, { message: reasonOf(error), failed: entry.targets, exitStatus: status });
    throw error;
  }
}

/** Writes to the trail. The act is already done, so a failure to write, such as a full disk, is only a warning. */
export async function append({ trail, warn }: Pick<Deps, "trail" | "warn">, entry: TrailEntry, result: ActResult): Promise<void> {
  try {
    await trail.append({
      act: entry.act,
      targets: entry.targets,
      difference: entry.differences.map(withoutSecrets).map(shortened),
      result: {
        outcome: result.exitStatus === exitStatus.done ? "ok" : "failed",
        exitStatus: result.exitStatus,
        message: result.message === null ? null : stripText(result.message).slice(0, maxTextLength),
        failed: result.failed,
      },
    });
  } catch (error) {
    warn(`this act could not be recorded in the trail: ${reasonOf(error)}`);
  }
}

/** Cuts long values, because arguments may have megabytes. */
function shortened(difference: Difference): Difference {
  const short = (value: unknown) => {
    const text = value === undefined ? "" : JSON.stringify(value);
    return text.length <= maxTextLength ? value : `${text.slice(0, maxTextLength)}… (${text.length} characters)`;
  };
  return { path: difference.path, before: short(difference.before), after: short(difference.after) };
}
