// Whether signals, abstract sockets and limits stay inside a service: told apart from the sandbox, for older kernels cannot hold them.
import { scopesVersion } from "./landlock.ts";
import type { Isolation, Missing } from "./verdict.ts";

/** What a service could do to another one, by the word that `describe` shows. */
export const threats = ["signals", "abstract sockets", "prlimit"] as const;
export type Threat = (typeof threats)[number];

export type Shown = {
  name: string;
  /** Why the service has no launcher, and what to do; null where it has one. */
  unlaunched: { why: string; mend: string } | null;
  /** What the attempts have reached; null where they could not be made. */
  reached: Threat[] | null;
  /** What the live process shows: that the filter against prlimit64 is loaded, and that the scopes were in force before the program. */
  live: { limits: boolean; scopes: boolean };
  kernel: Kernel;
};

/** `landlock`: its version, 0 where there is none. */
export type Kernel = { release: string; landlock: number };

/** Pure. */
export function judgeIsolation(shown: Shown): Isolation {
  const missing: Missing[] = [];
  const held: Threat[] = [];
  for (const threat of threats) {
    const why = whyOpen(threat, shown);
    if (why === null) held.push(threat);
    else missing.push({ directive: threat, ...why });
  }
  return { verdict: missing.length === 0 ? "full" : "partial", verified: [...held], probed: [...held], missing };
}

/** Under the profile `off` nothing is tried to be held. */
export function isolationOff(name: string): Isolation {
  const missing = threats.map((directive) => ({
    directive,
    why: "the sandbox is off",
    mend: `bs9 start ${name} --sandbox standard`,
  }));
  return { verdict: "partial", verified: [], probed: [], missing };
}

function whyOpen(threat: Threat, shown: Shown): { why: string; mend: string } | null {
  const { name, unlaunched, reached, live, kernel } = shown;
  if (threat !== "prlimit" && kernel.landlock < scopesVersion) return withoutScopes(kernel);
  if (unlaunched !== null) return unlaunched;
  const mend = `bs9 restart ${name}`;
  if (!live.limits) return { why: "the process does not show that it was started by bs9's launcher", mend };
  if (threat !== "prlimit" && !live.scopes)
    return {
      why: "Landlock was refused to bs9's launcher, by the system call filter of a container for one",
      mend: "allow landlock_create_ruleset, landlock_add_rule and landlock_restrict_self there",
    };
  if (reached === null) return { why: "it could not be tried out on this host", mend };
  return reached.includes(threat) ? { why: "an attempt on this host has reached a process outside", mend } : null;
}

/** The sentence on what is missing, and which kernel brings it. */
function withoutScopes({ release, landlock }: Kernel): { why: string; mend: string } {
  const mend = "Linux 6.12 or later brings it, with any systemd";
  if (landlock > 0) return { why: `Linux ${release} has version ${landlock} of Landlock, and version ${scopesVersion} brings it`, mend };
  return {
    why: `Landlock is not in Linux ${release}, or not switched on`,
    mend: `${mend}; landlock has to be among the lsm= of the kernel`,
  };
}
