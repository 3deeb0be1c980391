// Finishes or undoes what a killed command left pending.

import { exitStatus } from "../base/errors.ts";
import { difference } from "../service/plan.ts";
import type { Pending } from "../service/registry.ts";
import { forget, putBack } from "./change.ts";
import { type Deps, underLock } from "./deps.ts";
import { ready } from "./ready.ts";
import { append } from "./recorded.ts";

const graceMs = 1500;

/** For commands that only read: settles what is abandoned, and costs nothing where nothing is. */
export async function settle(deps: Deps): Promise<void> {
  if (deps.registry.abandoned().length > 0) await underLock(deps, "settle", () => recover(deps));
}

/**
 * A change whose service is up with the new unit is finished; any other is undone, as the command itself
 * would have done. To be called under the registry's lock.
 */
export async function recover(deps: Deps): Promise<void> {
  for (const pending of deps.registry.abandoned()) {
    const finished = await isUp(deps, pending);
    if (finished) {
      await deps.backend.want([pending.spec.name], true);
      deps.registry.commit(pending.spec);
    } else if (pending.previous !== null) {
      await putBack(deps, pending.previous, pending.ran);
    } else {
      await forget(deps, pending.spec);
    }
    const differences = finished ? difference(pending.previous, pending.spec) : [];
    const message = `a command that was killed had left a change half done: ${finished ? "finished" : "undone"}`;
    await append(deps, { act: "settle", targets: [pending.spec.name], differences }, { message, failed: [], exitStatus: exitStatus.done });
    deps.warn(
      `a command that was killed had left ${pending.spec.name} half changed: ${finished ? "the change is finished" : "it is undone"}`,
    );
  }
}

/** Nobody waits for it any more, so it has to be ready by now, or nearly. */
async function isUp(deps: Deps, { spec }: Pending): Promise<boolean> {
  if (!(await deps.backend.isDefined(spec))) return false;
  const [reading] = await deps.backend.read([spec.name]);
  if (reading?.state !== "active") return spec.waitMs === 0 && reading?.state === "activating";
  return spec.waitMs === 0 || (await ready({ ...spec, waitMs: graceMs }, deps)).ready;
}
