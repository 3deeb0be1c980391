// What of a profile this host really gives: found by probes, kept in the cache until something changes that it hangs on.
import { type Directive, label, namespaced, profileDirectives, wishedDirectives } from "../backend/sandbox.ts";
import type { Missing } from "../backend/verdict.ts";
import { failed } from "../base/errors.ts";
import type { SandboxProfile } from "../service/spec.ts";
import { againstLive, againstProbe, type Seen } from "./evidence.ts";
import { type HostProfile, hostKey, readCached, writeCached } from "./host-cache.ts";
import { type Outside, parseLive, readOutside } from "./live.ts";
import { type ProbeDeps, type ProbeRun, runProbe } from "./probe.ts";
import { denialOf, whyDenied } from "./why.ts";

export type { HostProfile };

/** Throws where not even a process without any directive can be tried out. */
export async function hostProfile(profile: SandboxProfile, deps: ProbeDeps): Promise<HostProfile> {
  const directives = profileDirectives(profile);
  // NoNewPrivileges is a bit of the process, not of the host.
  if (profile === "off") return { directives, withheld: [], probed: [], filters: 0 };
  const wished = wishedDirectives(profile);
  const key = hostKey([...directives, ...wished].map(label), deps);
  const cached = readCached(deps.paths.cache, profile, key);
  if (cached !== null) return cached;
  const outside = readOutside(deps.paths.home, deps.reach.uid);
  if (outside === null) throw failed("cannot try out the sandbox: /proc cannot be read");
  const isRoot = deps.reach.uid === 0;
  const found = await find(directives, wished, { trial: (tried) => runProbe(tried, deps), outside, isRoot });
  const denial = found.denied.size === 0 ? null : await denialOf(deps.reach.uid);
  const withheld = [...found.denied].map(([directive, status]) => whyDenied(directive, status, denial));
  const host: HostProfile = {
    directives: found.directives,
    withheld: [...withheld, ...found.voided],
    probed: found.probed,
    filters: found.filters,
  };
  writeCached(deps.paths.cache, profile, key, host);
  return host;
}

export type Found = {
  directives: Directive[];
  /** The directives that the process could not be started with, by `NAME=VALUE`, and the status it ended with. */
  denied: Map<string, number>;
  /** Those that it was started with and that do not hold. */
  voided: Missing[];
  probed: string[];
  filters: number;
};

export type Search = { trial: (directives: Directive[]) => Promise<ProbeRun>; outside: Outside; isRoot: boolean };

/**
 * All together first, which is what almost every host gives. Else without all that needs namespaces, and then, one by one,
 * whatever else can be had. What was kept is confirmed by a last run. Apart from the trials pure.
 */
export async function find(directives: Directive[], wished: Directive[], { trial, outside, isRoot }: Search): Promise<Found> {
  const denied = new Map<string, number>();
  let kept: Directive[] = [];
  let run = await tried([...directives, ...wished]);
  if (run.kind === "reported") kept = [...directives, ...wished];
  else {
    const ofAll = run.status;
    const plain = directives.filter(({ name }) => !namespaced.has(name));
    run = await tried(plain);
    if (run.kind === "reported") kept = plain;
    else {
      run = await tried([]);
      if (run.kind !== "reported")
        throw failed(`cannot try out the sandbox: the probe ended with ${run.status}`, { hint: "journalctl --user -n 20" });
    }
    for (const directive of [...directives, ...wished].filter((one) => !kept.includes(one))) {
      // The manager of an ordinary user can set up no other namespace without one of users (user_namespaces(7)).
      const hopeless = !isRoot && namespaced.has(directive.name) && denied.has("PrivateUsers=yes");
      const next = hopeless ? { kind: "denied" as const, status: ofAll } : await tried([...kept, directive]);
      if (next.kind === "denied") denied.set(label(directive), next.status);
      else {
        kept = [...kept, directive];
        run = next;
      }
    }
  }
  const judged = judgeRun(kept, wished, run, outside);
  return {
    ...judged,
    directives: kept.filter((one) => !judged.voided.some(({ directive }) => directive === label(one)) || wished.includes(one)),
    denied,
  };

  async function tried(list: Directive[]): Promise<Exclude<ProbeRun, { kind: "broken" }>> {
    const result = await trial(list);
    if (result.kind === "broken") throw failed(`cannot try out the sandbox: ${result.why}`, { hint: "journalctl --user -n 20" });
    return result;
  }
}

function judgeRun(
  kept: Directive[],
  wished: Directive[],
  run: Extract<ProbeRun, { kind: "reported" }>,
  outside: Outside,
): Omit<Found, "directives" | "denied"> {
  const live = parseLive(run.report.live);
  const filters = Number(live.status.get("Seccomp_filters") ?? 0);
  const seen: Seen = { live, outside, filters, writable: [run.scratch] };
  const voided: Missing[] = [];
  const probed: string[] = [];
  for (const directive of kept) {
    const against = againstLive(directive, seen) ?? againstProbe(directive, run.report.outcomes);
    if (typeof against === "string")
      voided.push({ directive: label(directive), why: against, mend: wished.includes(directive) ? mendOfWish : mendOfVoid });
    else if (against === null) probed.push(label(directive));
  }
  return { voided, probed, filters };
}

const mendOfWish = "nothing that bs9 could do: only root's own user manager may hide them";
const mendOfVoid = "a newer systemd or kernel; this one takes the directive and does not keep it";
