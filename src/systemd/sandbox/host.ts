// Which directives of a profile a service gets: those that this host provides, without those that its own paths make impossible.
// Probes find them, and the result is cached until something changes that it depends on.
import type { Opening } from "../../backend/opening.ts";
import { label, profileDirectives, waivedDirectives, wishedDirectives } from "../../backend/sandbox.ts";
import { failed } from "../../base/errors.ts";
import type { SandboxProfile } from "../../service/spec.ts";
import { type HostProfile, hostKey, readCached, writeCached } from "./host-cache.ts";
import { hostIsolation } from "./isolation.ts";
import { readOutside } from "./live.ts";
import { type ProbeDeps, runProbe } from "./probe.ts";
import { findHeldDirectives } from "./search.ts";
import { denialOf, whyDenied } from "./why.ts";

export type { HostProfile };

/**
 * Finds out which directives of a profile this host provides. Throws if not even a process without any directive can be
 * started.
 */
export async function hostProfile(profile: SandboxProfile, deps: ProbeDeps): Promise<HostProfile> {
  const directives = profileDirectives(profile);
  // The profile `off` has only NoNewPrivileges, which every host provides, so no probe is needed.
  if (profile === "off") return { directives, withheld: [], probed: [], filters: 0 };
  const wished = wishedDirectives(profile);
  const key = hostKey([...directives, ...wished].map(label), deps);
  const cached = readCached(deps.paths.cache, profile, key);
  if (cached !== null) return cached;
  const outside = readOutside(deps.paths.home, deps.reach.uid);
  if (outside === null) throw failed("cannot test the sandbox: /proc cannot be read");
  const isRoot = deps.reach.uid === 0;
  const found = await findHeldDirectives(directives, wished, { trial: (tried) => runProbe(tried, deps), outside, isRoot });
  const denial = found.denied.size === 0 ? null : await denialOf(deps.reach.uid);
  const { isolation, isLasting } = await hostIsolation(found.directives, deps);
  const withheld = [...found.denied].map(([directive, status]) => whyDenied(directive, status, denial));
  const host: HostProfile = {
    directives: found.directives,
    withheld: [...withheld, ...found.voided],
    probed: found.probed,
    filters: found.filters,
    isolation,
  };
  if (isLasting) writeCached(deps.paths.cache, profile, key, host);
  return host;
}

/** The part of the host's profile that applies to a service: directives that its own paths make impossible are left out. */
export function forService(host: HostProfile, { writable, readable }: Opening): HostProfile {
  const waived = new Set(waivedDirectives([...writable, ...readable]).map(label));
  const { directives, withheld, ...rest } = host;
  return {
    ...rest,
    directives: directives.filter((one) => !waived.has(label(one))),
    withheld: withheld.filter(({ directive }) => !waived.has(directive)),
  };
}
