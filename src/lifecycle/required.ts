// What `--require-sandbox` and `--require-isolation` ask for: checked before anything runs, and on the running service.
import { isolationOff } from "../backend/isolation.ts";
import { label, wishedDirectives } from "../backend/sandbox.ts";
import type { Isolation, Missing } from "../backend/verdict.ts";
import { type Bs9Error, refused } from "../base/errors.ts";
import type { Spec } from "../service/spec.ts";
import type { Deps } from "./deps.ts";

/** Checks before anything runs: throws `refused` if the required sandbox or isolation cannot be effective on this host. */
export async function foresee(deps: Deps, spec: Spec): Promise<void> {
  const { profile, required, isolationRequired } = spec.sandbox;
  if (isolationRequired === true) {
    checkIsolation(spec, profile === "off" ? isolationOff(spec.name) : await deps.backend.isolationHere(spec));
  }
  if (!required) return;
  if (profile === "off") throw unsound(spec, "off", []);
  const wished = new Set(wishedDirectives(profile).map(label));
  const withheld = (await deps.backend.withheld(profile)).filter(({ directive }) => !wished.has(directive));
  if (withheld.length > 0) throw unsound(spec, "partial", withheld);
}

/** Checks the running service: throws `refused` if the required sandbox or isolation is not effective. */
export async function checkSandbox(deps: Deps, spec: Spec): Promise<void> {
  const { required, isolationRequired } = spec.sandbox;
  if (!required && isolationRequired !== true) return;
  const [reading] = await deps.backend.read([spec.name]);
  const verdict = reading === undefined ? null : await deps.backend.verify(spec, reading);
  if (isolationRequired === true) checkIsolation(spec, verdict?.isolation);
  if (required && verdict?.verdict !== "effective") throw unsound(spec, verdict?.verdict ?? "unknown", verdict?.missing ?? []);
}

/**
 * Refuses the service with an error unless signals, abstract sockets and limits are isolated, which `--require-isolation` asks
 * for.
 */
function checkIsolation({ name, entry }: Spec, isolation: Isolation | undefined): void {
  if (isolation?.verdict === "full") return;
  const [first] = isolation?.missing ?? [];
  throw refused(`its isolation would be ${isolation?.verdict ?? "unknown"}, and --require-isolation asks for full`, {
    lead: `cannot start ${name}`,
    details: (isolation?.missing ?? []).map(({ directive, why }) => `${directive}: ${why}`),
    hint: first?.mend ?? `bs9 start ${entry.path} --name ${name} --sandbox standard`,
  });
}

function unsound({ name, entry }: Spec, verdict: string, missing: Missing[]): Bs9Error {
  return refused(`its sandbox would be ${verdict}, and --require-sandbox asks for an effective one`, {
    lead: `cannot start ${name}`,
    details: missing.map(({ directive, why }) => `${directive}: ${why}`),
    hint: missing[0]?.mend ?? `bs9 start ${entry.path} --name ${name} --sandbox standard`,
  });
}
