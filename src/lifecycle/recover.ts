// Finishes or undoes changes that a killed command left pending.

import { Bs9Error, exitStatus, reasonOf } from "../base/errors.ts";
import { startTimeOf } from "../base/proc.ts";
import { difference } from "../service/plan.ts";
import type { Pending } from "../service/registry.ts";
import { forgetService, putBack } from "./change.ts";
import { type Deps, lockRegistry } from "./deps.ts";
import { ready } from "./ready.ts";
import { append } from "./recorded.ts";

const graceMs = 1500;

/** For commands that only read: settles abandoned changes, and takes no lock if there are none. */
export async function settle(deps: Deps): Promise<void> {
  const { changes, broken } = deps.registry.abandoned();
  for (const { error } of broken) deps.warn(reasonOf(error));
  if (changes.length === 0) return;
  try {
    using _lock = await lockRegistry(deps, "settle");
    await recover(deps);
  } catch (error) {
    if (!(error instanceof Bs9Error && error.code === "no-backend")) throw error;
    const names = changes.map(({ spec }) => spec.name).join(", ");
    deps.warn(`a command that was killed left ${names} half changed; this cannot be settled now: ${error.message}`);
  }
}

/**
 * Finishes each abandoned change whose service is up with the new unit, and undoes any other, as the killed command would have
 * done. To be called under the registry's lock.
 */
export async function recover(deps: Deps): Promise<void> {
  for (const pending of deps.registry.abandoned().changes) {
    const finished = await finishOrUndo(deps, pending);
    const differences = finished ? difference(pending.previous, pending.spec) : [];
    const message = `a command that was killed left a change half done: ${finished ? "finished" : "undone"}`;
    await append(deps, { act: "settle", targets: [pending.spec.name], differences }, { message, failed: [], exitStatus: exitStatus.done });
    deps.warn(`a command that was killed left ${pending.spec.name} half changed: the change is now ${finished ? "finished" : "undone"}`);
  }
}

/** True if the change was finished, false if it was undone. If neither is possible, the service stays stopped with its old spec. */
async function finishOrUndo(deps: Deps, pending: Pending): Promise<boolean> {
  const { spec, previous, ran } = pending;
  const finished = await isUp(deps, pending).catch(() => false);
  if (finished) {
    await deps.backend.want([spec.name], true);
    deps.registry.commit(spec);
    return true;
  }
  if (previous === null) {
    await forgetService(deps, spec);
    return false;
  }
  try {
    await putBack(deps, previous, ran);
  } catch (error) {
    // For instance because the entry of the old spec is gone. The half-changed service must not keep running under its name.
    await deps.backend.stop([spec]);
    deps.registry.commit(previous);
    deps.registry.setOutcome(spec.name, { at: new Date(deps.now()).toISOString(), cause: reasonOf(error) });
  }
  return false;
}

/** True if the service is up with the new spec. No command waits for it any more, so it gets only `graceMs` to become ready. */
async function isUp(deps: Deps, { spec, process: before }: Pending): Promise<boolean> {
  if (!(await deps.backend.isDefined(spec))) return false;
  const [reading] = await deps.backend.read([spec.name]);
  if (before !== null && reading?.mainPid === before.pid && startTimeOf(before.pid) === before.startTime) return false;
  if (reading?.state !== "active") return spec.waitMs === 0 && reading?.state === "activating";
  return spec.waitMs === 0 || (await ready({ ...spec, waitMs: graceMs }, deps)).ready;
}
