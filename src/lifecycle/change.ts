// One change of a service as a transaction: recorded as pending, defined, started, judged, then committed or undone.
import type { Reading } from "../backend/backend.ts";
import { type Bs9Error, failed, reasonOf } from "../base/errors.ts";
import { startTimeOf } from "../base/proc.ts";
import type { Pending } from "../service/registry.ts";
import type { Spec } from "../service/spec.ts";
import type { Deps } from "./deps.ts";
import { lastWords } from "./last-lines.ts";
import { causeOf, type NotReady, type Readiness, ready } from "./ready.ts";
import { hintFor, toldBy } from "./reason/explain.ts";
import { checkSandbox } from "./required.ts";
import { sweepAfter } from "./unused.ts";

export type Changed = { readiness: Readiness | null };

/**
 * Brings `spec` up in place of `previous`; `before` is the present reading of the service. If the service does not come up, the
 * change is undone and an error thrown: a new service stays defined, stopped and `failed`; a changed service runs again with
 * its previous spec; a refused new service leaves nothing.
 */
export async function change(deps: Deps, spec: Spec, previous: Spec | null, before: Reading | undefined): Promise<Changed> {
  const { backend, registry } = deps;
  const ran = previous !== null && (before?.state === "active" || before?.state === "activating");
  registry.begin({ spec, previous, ran, process: processOf(before) });
  const beganMs = deps.now();
  let came = true;
  try {
    await define(deps, spec);
    registry.setOutcome(spec.name, null);
    if (ran) await backend.restart([spec]);
    else await backend.start([spec]);
    const readiness = spec.waitMs === 0 ? null : await ready(spec, deps);
    if (readiness?.ready === false) {
      came = false;
      throw await notReady(deps, spec, previous, readiness, beganMs);
    }
    await checkSandbox(deps, spec);
    await backend.want([spec.name], true);
    registry.commit(spec);
    return { readiness };
  } catch (error) {
    await undo(deps, { spec, previous, ran }, came ? null : reasonOf(error));
    throw error;
  }
}

function processOf(reading: Reading | undefined): Pending["process"] {
  const pid = reading?.mainPid ?? null;
  const startTime = pid === null ? null : startTimeOf(pid);
  return pid === null || startTime === null ? null : { pid, startTime };
}

async function define(deps: Deps, spec: Spec): Promise<void> {
  const trouble = (await deps.backend.define([spec])).get(spec.name);
  if (trouble !== undefined) throw trouble;
}

async function notReady(deps: Deps, spec: Spec, previous: Spec | null, readiness: NotReady, sinceMs: number): Promise<Bs9Error> {
  const { lines, end } = await lastWords(deps, spec.name, sinceMs);
  const found = await hintFor(spec, lines, deps);
  const told = toldBy(found, spec.name);
  // The previous spec is restored, so a hint `bs9 start NAME OPTION` would change the previous spec, and lose the changes of
  // this command.
  const again = previous === null || found?.option == null ? told.hint : `add ${found.option} to the command`;
  return failed(causeOf(readiness, end), {
    lead: `cannot start ${spec.name}`,
    details: [...lines, ...told.details],
    hint: again ?? `bs9 logs ${spec.name}`,
  });
}

/**
 * Undoes a change. `failure` is why the service did not come up; null if the change failed before that. Does not throw, because
 * the caller throws the first error, which matters more.
 */
async function undo(deps: Deps, pending: Pick<Pending, "spec" | "previous" | "ran">, failure: string | null): Promise<void> {
  try {
    if (pending.previous !== null) await putBack(deps, pending.previous, pending.ran);
    else if (failure !== null) await keepFailed(deps, pending.spec, failure);
    else await forgetService(deps, pending.spec);
  } catch (second) {
    // The record of the pending change stays on disk, so the next command finishes or undoes the change.
    deps.warn(`cannot undo the change of ${pending.spec.name} yet: ${reasonOf(second)}`);
  }
}

/** Restores the previous spec, and starts the service if it ran. */
export async function putBack(deps: Deps, previous: Spec, ran: boolean): Promise<void> {
  await define(deps, previous);
  // The service is stopped first, because a crashing service would otherwise count further starts while the backend resets the
  // count.
  await deps.backend.stop([previous]);
  if (ran) await deps.backend.start([previous]);
  deps.registry.commit(previous);
}

async function keepFailed(deps: Deps, spec: Spec, cause: string): Promise<void> {
  await deps.backend.stop([spec]);
  deps.registry.setOutcome(spec.name, { at: new Date(deps.now()).toISOString(), cause });
  deps.registry.commit(spec);
}

/** Removes everything that was made for the service, as if it had never been started. */
export async function forgetService(deps: Deps, spec: Spec): Promise<void> {
  await deps.backend.stop([spec]);
  await deps.backend.want([spec.name], false);
  await deps.backend.undefine([spec.name]);
  deps.registry.remove(spec.name);
  sweepAfter(spec.name, deps);
}
