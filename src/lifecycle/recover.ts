// Finishes or undoes what a killed command left pending.

import { Bs9Error, exitStatus, reasonOf } from "../base/errors.ts";
import { startTimeOf } from "../base/proc.ts";
import { difference } from "../service/plan.ts";
import type { Pending } from "../service/registry.ts";
import { forgetService, putBack } from "./change.ts";
import { type Deps, underLock } from "./deps.ts";
import { ready } from "./ready.ts";
import { append } from "./recorded.ts";

const graceMs = 1500;

/** For commands that only read: settles what is abandoned, and costs nothing where nothing is. */
export async function settle(deps: Deps): Promise<void> {
  const { changes, broken } = deps.registry.abandoned();
  for (const { error } of broken) deps.warn(reasonOf(error));
  if (changes.length === 0) return;
  try {
    await underLock(deps, "settle", () => recover(deps));
  } catch (error) {
    if (!(error instanceof Bs9Error && error.code === "no-backend")) throw error;
    const names = changes.map(({ spec }) => spec.name).join(", ");
    deps.warn(`a command that was killed had left ${names} half changed, which cannot be settled now: ${error.message}`);
  }
}

/**
 * A change whose service is up with the new unit is finished; any other is undone, as the command itself
 * would have done. To be called under the registry's lock.
 */
export async function recover(deps: Deps): Promise<void> {
  for (const pending of deps.registry.abandoned().changes) {
    const finished = await settled(deps, pending);
    const differences = finished ? difference(pending.previous, pending.spec) : [];
    const message = `a command that was killed had left a change half done: ${finished ? "finished" : "undone"}`;
    await append(deps, { act: "settle", targets: [pending.spec.name], differences }, { message, failed: [], exitStatus: exitStatus.done });
    deps.warn(
      `a command that was killed had left ${pending.spec.name} half changed: ${finished ? "the change is finished" : "it is undone"}`,
    );
  }
}

/** True where the change is finished, false where it is undone. One that can be neither stays stopped, and no command hangs on it. */
async function settled(deps: Deps, pending: Pending): Promise<boolean> {
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
    // The entry of the old one may be gone, say: what was half begun must not run on in its name.
    await deps.backend.stop([spec]);
    deps.registry.commit(previous);
    deps.registry.setOutcome(spec.name, { at: new Date(deps.now()).toISOString(), cause: reasonOf(error) });
  }
  return false;
}

/** Nobody waits for it any more, so it has to be ready by now, or nearly. */
async function isUp(deps: Deps, { spec, process: before }: Pending): Promise<boolean> {
  if (!(await deps.backend.isDefined(spec))) return false;
  const [reading] = await deps.backend.read([spec.name]);
  if (before !== null && reading?.mainPid === before.pid && startTimeOf(before.pid) === before.startTime) return false;
  if (reading?.state !== "active") return spec.waitMs === 0 && reading?.state === "activating";
  return spec.waitMs === 0 || (await ready({ ...spec, waitMs: graceMs }, deps)).ready;
}
