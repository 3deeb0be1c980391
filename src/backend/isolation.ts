// Judges whether signals, abstract sockets and limits stay inside a service. This is reported separately from the sandbox,
// because older kernels cannot enforce it.
import { scopesVersion } from "./landlock.ts";
import type { Isolation, Missing } from "./verdict.ts";

/** What a service could do to another service, in the words that `describe` shows. */
export const threats = ["signals", "abstract sockets", "prlimit"] as const;
export type Threat = (typeof threats)[number];

export type IsolationEvidence = {
  name: string;
  /** Why the service has no launcher, and what to do; null where it has one. */
  unlaunched: { why: string; mend: string } | null;
  /** What a program in the sandbox could reach when it tried; null where the test could not be run. */
  reached: Threat[] | null;
  /**
   * What the live process shows: `limits`: the filter against prlimit64 is loaded; `scopes`: the Landlock scopes were in force
   * before the program.
   */
  live: { limits: boolean; scopes: boolean };
  kernel: Kernel;
};

/** `landlock` is the version of Landlock; 0 means that the kernel has none. */
export type Kernel = { release: string; landlock: number };

/** Pure. */
export function judgeIsolation(shown: IsolationEvidence): Isolation {
  const missing: Missing[] = [];
  const held: Threat[] = [];
  for (const threat of threats) {
    const why = whyOpen(threat, shown);
    if (why === null) held.push(threat);
    else missing.push({ directive: threat, ...why });
  }
  return { verdict: missing.length === 0 ? "full" : "partial", verified: [...held], probed: [...held], missing };
}

/** Under the profile `off` nothing is isolated. */
export function isolationOff(name: string): Isolation {
  const missing = threats.map((directive) => ({
    directive,
    why: "the sandbox is off",
    mend: `bs9 start ${name} --sandbox standard`,
  }));
  return { verdict: "partial", verified: [], probed: [], missing };
}

/** A socket through which a service could start or end processes outside its sandbox; Landlock does not restrict such sockets. */
export type ReachableSocket = "user manager" | "system bus";

const overSocket: Record<ReachableSocket, string> = {
  "user manager": "the service can connect to its socket, and so end every service and start a program without a sandbox",
  "system bus": "the service can connect to its socket, and so end every service of the user",
};

/** The isolation of a service that can reach these sockets; each comes with what to do about it. Pure. */
export function withSockets(isolation: Isolation, sockets: { socket: ReachableSocket; mend: string }[]): Isolation {
  if (sockets.length === 0) return isolation;
  const missing = sockets.map(({ socket, mend }) => ({ directive: socket, why: overSocket[socket], mend }));
  return { ...isolation, verdict: "partial", missing: [...isolation.missing, ...missing] };
}

function whyOpen(threat: Threat, shown: IsolationEvidence): { why: string; mend: string } | null {
  const { name, unlaunched, reached, live, kernel } = shown;
  if (threat !== "prlimit" && kernel.landlock < scopesVersion) return withoutScopes(kernel);
  if (unlaunched !== null) return unlaunched;
  const mend = `bs9 restart ${name}`;
  if (!live.limits) return { why: "nothing shows that bs9's launcher started the process", mend };
  if (threat !== "prlimit" && !live.scopes)
    return {
      why: "bs9's launcher was not allowed to use Landlock, for example by the system call filter of a container",
      mend: "allow landlock_create_ruleset, landlock_add_rule and landlock_restrict_self in that filter",
    };
  if (reached === null) return { why: "bs9 could not test this isolation on this host", mend };
  return reached.includes(threat) ? { why: "in a test on this host, a program in the sandbox reached a process outside", mend } : null;
}

/** The sentence on what is missing, and which kernel has it. */
function withoutScopes({ release, landlock }: Kernel): { why: string; mend: string } {
  const mend = "use Linux 6.12 or later, with any version of systemd";
  if (landlock > 0) return { why: `Linux ${release} has version ${landlock} of Landlock, and this needs version ${scopesVersion}`, mend };
  return {
    why: `Linux ${release} has no Landlock, or Landlock is not enabled`,
    mend: `${mend}; the lsm= parameter of the kernel must contain landlock`,
  };
}
