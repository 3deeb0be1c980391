// The table of evidence: for each sandbox directive, what shows that it is in effect. bs9 must not claim a directive that has
// no row here.
import { closedPathOf, type Directive } from "../../backend/sandbox.ts";
import { againstClosed, againstReach, isGone } from "./closed-evidence.ts";
import type { Live, Outside } from "./live.ts";
import { isAtOrBelow, type Mount } from "./mounts.ts";

/** Checks one directive: null if it is in effect, else a sentence on what contradicts that. */
type Check = (seen: SeenProcess, value: string) => string | null;

export type SeenProcess = {
  live: Live;
  outside: Outside;
  /** The number of filters that the probe had under the same directives; the same directives load the same number. */
  filters: number;
  /** The paths that the profile opens for writing. */
  writable: string[];
};

/** How each attempt of the probe ended, by the name of the attempt in attempts.ts. */
export type Outcomes = Record<string, string>;

type Evidence = {
  /** What the live process shows about the directive. */
  live: Check;
  /** What the attempts of the probe show about the directive. */
  attempts?: (outcomes: Outcomes, value: string) => string | null | undefined;
  /**
   * The effect is not visible on a live process, so the probe shows it: the actions that the directive forbids failed there.
   */
  isClosed?: true;
};

/** The user cannot read the content of a filter, only whether a filter is loaded. */
const filtered: Check = ({ live, filters }) => {
  const count = Number(live.status.get("Seccomp_filters") ?? Number.NaN);
  if (live.status.get("Seccomp") !== "2") return "the process runs without a system call filter";
  // Kernels before 5.9 do not report the number.
  return count >= filters || Number.isNaN(count) ? null : `the process has ${count} of ${filters} system call filters`;
};

const capabilities: Check = ({ live }) => {
  const held = ["CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"].filter((set) => Number.parseInt(live.status.get(set) ?? "1", 16) !== 0);
  return held.length === 0 ? null : `${held.join(", ")} of the process is not empty`;
};

const own =
  (...paths: string[]): Check =>
  ({ live, outside }) => {
    const shared = paths.find((path) => live.mounts.placeOf(path) === outside.mounts.placeOf(path));
    return shared === undefined ? null : `${shared} is the same as on the host`;
  };

const readOnlyBelow =
  (...folders: string[]): Check =>
  ({ live }) => {
    const open =
      folders.find((folder) => live.mounts.at(folder)?.readOnly === false) ??
      firstWritable(live, (point) => folders.some((folder) => isAtOrBelow(point, folder)));
    return open === undefined ? null : `${open} is writable`;
  };

const namespace =
  (name: "ipc" | "uts"): Check =>
  ({ live, outside }) =>
    live.ns[name] === outside.ns[name] ? `the process has no ${name} namespace of its own` : null;

/** The options `hidepid` and `subset` make /proc show less than usual. */
const procOption =
  (...accepted: string[]): Check =>
  ({ live }) =>
    live.mounts.at("/proc")?.superOptions.some((option) => accepted.includes(option)) ? null : `/proc is mounted without ${accepted[0]}`;

const inVain =
  (...names: string[]) =>
  (outcomes: Outcomes): string | null => {
    const done = names.find((name) => outcomes[name] !== "EPERM");
    return done === undefined ? null : `the probe's '${done}' ended with ${outcomes[done] ?? "nothing"}, not with EPERM`;
  };

const endedWith =
  (start: string, ...expected: string[]) =>
  (outcomes: Outcomes): string | null => {
    const other = Object.entries(outcomes).find(([name, outcome]) => name.startsWith(start) && !expected.includes(outcome));
    return other === undefined ? null : `the probe's '${other[0]}' ended with ${other[1]}`;
  };

const filter = (attempts: NonNullable<Evidence["attempts"]>): Evidence => ({ live: filtered, attempts, isClosed: true });

export const evidence: Record<string, Evidence> = {
  NoNewPrivileges: { live: ({ live }) => (live.status.get("NoNewPrivs") === "1" ? null : "the process can gain privileges") },
  PrivateUsers: {
    live: ({ live, outside }) =>
      live.ns.user !== outside.ns.user && /^\d+ +\d+ +1$/.test(live.uidMap.replace(/\s+/g, " "))
        ? null
        : "the process has no user namespace of its own",
    attempts: (outcomes) =>
      ["EACCES", "EPERM", "ENOENT"].includes(outcomes["stranger"] ?? "")
        ? null
        : "the probe could read the environment of a process outside the sandbox",
  },
  PrivateTmp: {
    live: own("/tmp", "/var/tmp"),
    attempts: (outcomes) => endedWith("see /tmp/", "ENOENT")(outcomes) ?? endedWith("see /var/tmp/", "ENOENT")(outcomes),
  },
  PrivateDevices: { live: privateDevices },
  TemporaryFileSystem: {
    live: ownFileSystem,
    attempts: (outcomes, value) => (isReadOnly(value) ? undefined : endedWith(`see ${pathOf(value)}/`, "ENOENT")(outcomes)),
  },
  PrivateIPC: { live: namespace("ipc") },
  KeyringMode: {
    live: () => null,
    isClosed: true,
    // Where the kernel or a container denies all keyrings, no keyring is shared either.
    attempts: (outcomes) =>
      ["own", "EPERM", "ENOSYS"].includes(outcomes["keyring"] ?? "")
        ? null
        : `the probe has no keyring of its own (${outcomes["keyring"]})`,
  },
  ProtectSystem: { live: systemIsReadOnly, attempts: endedWith("write /", "EROFS", "ENOENT") },
  ReadOnlyPaths: { live: systemIsReadOnly },
  BindReadOnlyPaths: { live: (seen, value) => readOnlyBelow(value)(seen, value) },
  ProtectHome: { live: homeIsAway, attempts: (outcomes) => againstReach(outcomes, "/run/user/") },
  InaccessiblePaths: {
    live: againstClosed,
    attempts: (outcomes, value) => againstReach(outcomes, closedPathOf({ value })),
  },
  ProtectKernelTunables: { live: tunables },
  ProtectKernelModules: { live: (seen, value) => capabilities(seen, value) ?? modulesAreAway(seen) },
  ProtectControlGroups: { live: readOnlyBelow("/sys/fs/cgroup") },
  ProtectClock: {
    live: (seen, value) => capabilities(seen, value) ?? filtered(seen, value),
    attempts: inVain("settimeofday"),
    isClosed: true,
  },
  ProtectHostname: { live: namespace("uts") },
  ProtectProc: { live: procOption("hidepid=invisible", "hidepid=2", "hidepid=ptraceable", "hidepid=4") },
  ProcSubset: { live: (seen, value) => (value === "all" ? null : procOption("subset=pid")(seen, value)) },
  RestrictNamespaces: filter(
    inVain("unshare user", "unshare mnt", "unshare uts", "unshare ipc", "unshare pid", "unshare net", "unshare cgroup"),
  ),
  RestrictRealtime: filter(inVain("real time")),
  RestrictSUIDSGID: filter(inVain("setuid bit")),
  LockPersonality: filter(inVain("personality")),
  RestrictAddressFamilies: filter(onlyFamilies),
  SystemCallArchitectures: filter((outcomes) =>
    // The filter kills with SIGSYS; a kernel without the other ABI refuses the format, or does not have that interrupt.
    ["SIGSYS", "ENOEXEC", "SIGSEGV", "SIGILL"].includes(outcomes["other ABI"] ?? "")
      ? null
      : `the probe's program of the other ABI ended with ${outcomes["other ABI"]}`,
  ),
  SystemCallFilter: filter((outcomes, value) =>
    (value.startsWith("~") ? inVain("chroot", "setpriority") : inVain("mount", "ptrace", "perf_event_open"))(outcomes),
  ),
  SystemCallErrorNumber: filter(inVain("mount", "chroot")),
  CapabilityBoundingSet: { live: capabilities },
  UMask: {
    live: ({ live }, value) => {
      const declared = Number.parseInt(value, 8);
      const umask = live.status.get("Umask") ?? "0";
      return (Number.parseInt(umask, 8) & declared) === declared ? null : `the umask of the process is ${umask}`;
    },
  },
};

/** What a live process shows against a directive. */
export function againstLive({ name, value }: Directive, seen: SeenProcess): string | null {
  const row = evidence[name];
  return row === undefined ? "bs9 cannot check this directive" : row.live(seen, value);
}

/**
 * What the probe shows against a directive in addition to the live process; `undefined` if the probe does not test this
 * directive.
 */
export function againstProbe({ name, value }: Directive, outcomes: Outcomes): string | null | undefined {
  return evidence[name]?.attempts?.(outcomes, value);
}

function firstWritable(live: Live, isMeant: (point: string) => boolean): string | undefined {
  // An autofs itself cannot be written to. systemd gives a service the memory.pressure file of its cgroup
  // (MemoryPressureWatch=).
  const isExempt = ({ kind, point }: Mount) => kind === "autofs" || point.endsWith("/memory.pressure");
  return live.mounts.visible((mount) => !mount.readOnly && !isExempt(mount) && isMeant(mount.point))[0]?.point;
}

/** The names that systemd creates in a private /dev, as its own nodes or as bind mounts; no real device is among them. */
const pseudoDevices = new Set(["null", "zero", "full", "random", "urandom", "tty", "pts", "ptmx", "shm", "mqueue", "hugepages", "log"]);

function privateDevices(seen: SeenProcess): string | null {
  const { live } = seen;
  if (live.mounts.at("/dev")?.kind !== "tmpfs") return "/dev is the same as on the host";
  const real = live.mounts.visible(
    ({ point }) => isAtOrBelow(point, "/dev") && point !== "/dev" && !pseudoDevices.has(point.split("/")[2] ?? ""),
  )[0];
  return own("/dev")(seen, "") ?? (real === undefined ? null : `${real.point} is visible`);
}

/** The value of TemporaryFileSystem= is a path, then options after a colon. */
const pathOf = (value: string): string => value.replace(/:.*/, "");
const isReadOnly = (value: string): boolean => value.endsWith(":ro");

/**
 * systemd creates a new file system at each start, so one that differs from the host's differs from every other service's too.
 */
function ownFileSystem(seen: SeenProcess, value: string): string | null {
  const path = pathOf(value);
  const mount = seen.live.mounts.at(path);
  if (mount?.point !== path || mount.kind !== "tmpfs" || mount.root !== "/") return `${path} is not a file system of its own`;
  if (isReadOnly(value) && !mount.readOnly) return `${path} is writable, and what is written there is lost`;
  return own(path)(seen, "");
}

/** Checks more than the root: mounts below it can stay writable (systemd 252 leaves out /run). */
function systemIsReadOnly({ live, outside, writable }: SeenProcess): string | null {
  if (live.ns.mnt === outside.ns.mnt) return "the process has no mount namespace of its own";
  if (live.mounts.at("/")?.readOnly !== true) return "/ is writable";
  const free = ["/dev", "/proc", "/sys", "/tmp", "/var/tmp", ...outside.homes, ...writable];
  const open = firstWritable(live, (point) => !free.some((folder) => isAtOrBelow(point, folder)));
  return open === undefined ? null : `${open} is writable`;
}

function homeIsAway(seen: SeenProcess): string | null {
  const { live, outside } = seen;
  const there = outside.homes.find((folder) => live.mounts.at(folder)?.kind !== "tmpfs" && !isGone(live, folder));
  return there === undefined ? own(outside.home)(seen, "") : `${there} is visible`;
}

/** With `subset=pid` /proc/sys does not exist. */
function tunables(seen: SeenProcess): string | null {
  const hidden = seen.live.mounts.at("/proc")?.superOptions.includes("subset=pid") === true;
  return readOnlyBelow("/sys", ...(hidden ? [] : ["/proc/sys"]))(seen, "");
}

function modulesAreAway({ live, outside }: SeenProcess): string | null {
  return !outside.hasModules || isGone(live, "/usr/lib/modules") ? null : "/usr/lib/modules is visible";
}

/** The filter of systemd answers EAFNOSUPPORT. Without it packet(7) first checks a capability, and netlink(7) checks none. */
function onlyFamilies(outcomes: Outcomes, value: string): string | null {
  const allowed = new Set(value.split(" ").map((family) => family.slice("AF_".length).toLowerCase()));
  for (const [name, outcome] of Object.entries(outcomes)) {
    if (!name.startsWith("socket ")) continue;
    const family = name.slice("socket ".length);
    if (!allowed.has(family) && outcome !== "EAFNOSUPPORT") return `the probe's ${name} ended with ${outcome}`;
  }
  return null;
}
