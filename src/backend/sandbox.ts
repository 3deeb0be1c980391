// The sandbox profiles as systemd directives; pure. What a host cannot give is left out by the caller's word.
import type { SandboxProfile } from "../service/spec.ts";
import { isOpened, rootSockets } from "./root-sockets.ts";

/**
 * The edition of the sandbox, written into each unit. It is raised with every change of what a unit is shut in by, so that
 * after an upgrade bs9 can tell which services still run in an older one.
 */
export const sandboxEdition = 4;

export type Directive = { name: string; value: string };

/** How a directive is told: its value is part of it, for one name may stand there twice. */
export const label = ({ name, value }: Directive): string => `${name}=${value}`;

/** One directive for each path, so that a user can take back a single one. A path that is not there is left out. */
const closedPaths: Directive[] = rootSockets.map(({ path }) => ({ name: "InaccessiblePaths", value: `-${path}` }));
export const closedPathOf = ({ value }: Pick<Directive, "value">): string => value.replace(/^-/, "");

/** Under ProtectHome= alone systemd 252 leaves these writable on a user manager: what is written there is lost with the service. */
const homes: Directive[] = ["/home", "/root", "/run/user"].map((path) => ({ name: "TemporaryFileSystem", value: `${path}:ro` }));

/** True for what closes home, to reads or to writes. */
export const isOfHome = ({ name, value }: Directive): boolean =>
  name === "ProtectHome" || homes.some((one) => one.name === name && one.value === value);

const base: Directive[] = [
  { name: "NoNewPrivileges", value: "yes" },
  { name: "PrivateUsers", value: "yes" },
  { name: "PrivateTmp", value: "yes" },
  { name: "PrivateDevices", value: "yes" },
  // With PrivateIPC= alone it is the machine's. 1777 as everywhere: programs of any user make files there.
  { name: "TemporaryFileSystem", value: "/dev/shm:mode=1777,size=50%" },
  { name: "PrivateIPC", value: "yes" },
  { name: "KeyringMode", value: "private" },
  { name: "ProtectSystem", value: "strict" },
  // Where systemd mounts /proc, /sys and /run by itself, as ProtectKernelTunables= has it do, it leaves them out of the strict
  // one: /run stayed writable on 252 and 257, and on 257 /sys too, whatever ReadOnlyPaths= said of it.
  { name: "ReadOnlyPaths", value: "/run" },
  { name: "BindReadOnlyPaths", value: "/sys" },
  { name: "ProtectHome", value: "tmpfs" },
  ...homes,
  ...closedPaths,
  { name: "ProtectKernelTunables", value: "yes" },
  { name: "ProtectKernelModules", value: "yes" },
  { name: "ProtectControlGroups", value: "yes" },
  { name: "ProtectClock", value: "yes" },
  { name: "ProtectHostname", value: "yes" },
  { name: "RestrictNamespaces", value: "yes" },
  { name: "RestrictRealtime", value: "yes" },
  { name: "RestrictSUIDSGID", value: "yes" },
  { name: "LockPersonality", value: "yes" },
  { name: "SystemCallArchitectures", value: "native" },
  { name: "SystemCallFilter", value: "@system-service" },
  { name: "SystemCallFilter", value: "~@privileged @resources" },
  // What bs9's launcher makes: from a service on they only take rights away (landlock(7)).
  { name: "SystemCallFilter", value: "landlock_create_ruleset landlock_add_rule landlock_restrict_self" },
  { name: "SystemCallErrorNumber", value: "EPERM" },
  { name: "CapabilityBoundingSet", value: "" },
];

// os.networkInterfaces() of Node and Bun asks over netlink, and many a banner calls it.
const ofStandard: Directive[] = [
  { name: "RestrictAddressFamilies", value: "AF_UNIX AF_INET AF_INET6 AF_NETLINK" },
  { name: "UMask", value: "0022" },
];

const ofStrict: Directive[] = [
  { name: "RestrictAddressFamilies", value: "AF_UNIX AF_INET AF_INET6" },
  { name: "UMask", value: "0077" },
];

/**
 * The directives of a profile, as shipped. `MemoryDenyWriteExecute` is in none: it ends every
 * engine that compiles at run time.
 */
export function profileDirectives(profile: SandboxProfile): Directive[] {
  if (profile === "off") return [{ name: "NoNewPrivileges", value: "yes" }];
  return [...base, ...(profile === "standard" ? ofStandard : ofStrict)];
}

/** Directives that the user takes back by opening what they close, or something in it. No path has links in it. */
export function waivedDirectives(opened: string[]): Directive[] {
  return closedPaths.filter((directive) => isOpened(closedPathOf(directive), opened));
}

/**
 * Asked for beside the profile and promised by none: only who is privileged over the pid namespace may mount a /proc with options
 * (proc(5), user_namespaces(7)), so on the manager of an ordinary user systemd leaves the plain one in place without a word.
 * What they would hide are names and arguments of other processes; environment, memory and files of those are closed by PrivateUsers.
 */
export function wishedDirectives(profile: SandboxProfile): Directive[] {
  if (profile === "off") return [];
  const wished = [{ name: "ProtectProc", value: "invisible" }];
  return profile === "strict" ? [...wished, { name: "ProcSubset", value: "pid" }] : wished;
}

/** Directives that need a namespace or a capability: void or fatal where the host denies user namespaces. */
export const namespaced = new Set([
  "PrivateUsers",
  "PrivateTmp",
  "PrivateDevices",
  "TemporaryFileSystem",
  "PrivateIPC",
  "ProtectSystem",
  "ReadOnlyPaths",
  "BindReadOnlyPaths",
  "ProtectHome",
  "InaccessiblePaths",
  "ProtectKernelTunables",
  "ProtectKernelModules",
  "ProtectControlGroups",
  "ProtectClock",
  "ProtectHostname",
  "ProtectProc",
  "ProcSubset",
  // To drop a capability needs one (218/CAPABILITIES).
  "CapabilityBoundingSet",
]);

/** True where a unit has mounts of its own, by which home is hidden. */
export const hidesHome = (directives: readonly Directive[]): boolean => directives.some(({ name }) => name === "ProtectHome");

/** ProtectHome= covers these alone (systemd.exec(5)); a home elsewhere needs a tmpfs of its own. */
export function homeIsCovered(home: string): boolean {
  return ["/home", "/root", "/run/user"].some((folder) => home === folder || home.startsWith(`${folder}/`));
}
