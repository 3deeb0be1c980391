// Which directives of a profile a service gets: those that this host provides, without those that its own paths make impossible.
// Probes find them, and the result is cached until something changes that it depends on.
import type { Opening } from "../../backend/opening.ts";
import { type Directive, label, namespaced, profileDirectives, waivedDirectives, wishedDirectives } from "../../backend/sandbox.ts";
import type { Missing } from "../../backend/verdict.ts";
import { failed } from "../../base/errors.ts";
import type { SandboxProfile } from "../../service/spec.ts";
import { againstLive, againstProbe, type SeenProcess } from "./evidence.ts";
import { type HostProfile, hostKey, readCached, writeCached } from "./host-cache.ts";
import { hostIsolation } from "./isolation.ts";
import { type Outside, parseLive, readOutside } from "./live.ts";
import { type ProbeDeps, type ProbeRun, runProbe } from "./probe.ts";
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

export type HeldDirectives = {
  directives: Directive[];
  /** Maps each directive with which the process of the probe could not start, as `NAME=VALUE`, to the exit status. */
  denied: Map<string, number>;
  /**
   * The directives that the host accepts but does not enforce. They are left out of `directives`, except those that a profile
   * does not promise (`wishedDirectives`).
   */
  voided: Missing[];
  /**
   * The directives, as `NAME=VALUE`, that were in effect in the last run of the probe: the actions that they forbid failed
   * there.
   */
  probed: string[];
  filters: number;
};

export type Search = { trial: (directives: Directive[]) => Promise<ProbeRun>; outside: Outside; isRoot: boolean };

type Reported = Extract<ProbeRun, { kind: "reported" }>;
type Denied = Extract<ProbeRun, { kind: "denied" }>;
type Tried = { kept: Directive[]; run: Reported };

/**
 * Tries all directives together first, which works on almost every host. Otherwise it begins with the directives that need no
 * namespace, and adds the others one by one. A directive that is not enforced is dropped, and one more run of the probe
 * confirms the rest.
 */
export async function findHeldDirectives(directives: Directive[], wished: Directive[], search: Search): Promise<HeldDirectives> {
  const all = [...directives, ...wished];
  const whole = await tried(all, search);
  const { denied, last } =
    whole.kind === "reported"
      ? { denied: new Map<string, number>(), last: { kept: all, run: whole } }
      : await pickOut(all, whole.status, search);
  const voided: Missing[] = [];
  let { kept, run } = last;
  for (;;) {
    const { lost, probed, filters } = judge(kept, run, search.outside);
    const dropped = lost.filter(({ directive }) => !wished.includes(directive));
    voided.push(...dropped.map(({ directive, why }) => ({ directive: label(directive), why, mend: mendOfVoid })));
    if (dropped.length === 0) {
      const unheld = lost.map(({ directive, why }) => ({ directive: label(directive), why, mend: mendOfWish }));
      return { directives: kept, denied, voided: [...voided, ...unheld], probed, filters };
    }
    kept = kept.filter((one) => !dropped.some(({ directive }) => directive === one));
    run = begun(await tried(kept, search));
  }
}

async function pickOut(all: Directive[], statusOfAll: number, search: Search): Promise<{ denied: Map<string, number>; last: Tried }> {
  const denied = new Map<string, number>();
  let { kept, run } = await plainOnes(all, search);
  for (const directive of all.filter((one) => !kept.includes(one))) {
    // The manager of an ordinary user can create other namespaces only together with a user namespace (user_namespaces(7)).
    const isHopeless = !search.isRoot && namespaced.has(directive.name) && denied.has("PrivateUsers=yes");
    const next: Reported | Denied = isHopeless ? { kind: "denied", status: statusOfAll } : await tried([...kept, directive], search);
    if (next.kind === "denied") denied.set(label(directive), next.status);
    else ({ kept, run } = { kept: [...kept, directive], run: next });
  }
  return { denied, last: { kept, run } };
}

/**
 * Some directives have no effect without a namespace, but let the process start. They are dropped here: kept, they would make
 * every directive that creates a namespace fail.
 */
async function plainOnes(all: Directive[], search: Search): Promise<Tried> {
  const plain = all.filter(({ name }) => !namespaced.has(name));
  const run = await tried(plain, search);
  if (run.kind === "denied") return { kept: [], run: begun(await tried([], search)) };
  const { lost } = judge(plain, run, search.outside);
  return { kept: plain.filter((one) => !lost.some(({ directive }) => directive === one)), run };
}

async function tried(directives: Directive[], { trial }: Search): Promise<Reported | Denied> {
  const run = await trial(directives);
  if (run.kind === "broken") throw failed(`cannot test the sandbox: ${run.why}`, { hint: "journalctl --user -n 20" });
  return run;
}

function begun(run: Reported | Denied): Reported {
  if (run.kind === "denied")
    throw failed(`cannot test the sandbox: the probe ended with ${run.status}`, { hint: "journalctl --user -n 20" });
  return run;
}

function judge(
  kept: Directive[],
  { report, scratch }: Reported,
  outside: Outside,
): Pick<HeldDirectives, "probed" | "filters"> & { lost: { directive: Directive; why: string }[] } {
  const live = parseLive(report.live);
  const filters = Number(live.status.get("Seccomp_filters") ?? 0);
  const seen: SeenProcess = { live, outside, filters, writable: [scratch] };
  const lost: { directive: Directive; why: string }[] = [];
  const probed: string[] = [];
  for (const directive of kept) {
    const against = againstLive(directive, seen) ?? againstProbe(directive, report.outcomes);
    if (typeof against === "string") lost.push({ directive, why: against });
    else if (against === null) probed.push(label(directive));
  }
  return { lost, probed, filters };
}

const mendOfWish = "bs9 cannot change this: only the user manager of root may hide them";
const mendOfVoid = "use a newer systemd or kernel: this one accepts the directive but does not enforce it";
