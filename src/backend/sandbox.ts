// The sandbox profiles as systemd directives. Pure. The caller leaves out what a host does not provide.
import type { SandboxProfile } from "../service/spec.ts";
import { isOpened, rootSockets } from "./root-sockets.ts";

/**
 * The version number of the sandbox rules, written into each unit. It is raised with every change to these rules, so that after
 * an upgrade bs9 knows which services still run in an older sandbox.
 */
export const sandboxEdition = 4;

export type Directive = { name: string; value: string };

/** The name of a directive includes its value, because the same name may occur more than once. */
export const label = ({ name, value }: Directive): string => `${name}=${value}`;

/** One directive for each path, so that a user can open a single one. systemd ignores a path that does not exist. */
const closedPaths: Directive[] = rootSockets.map(({ path }) => ({ name: "InaccessiblePaths", value: `-${path}` }));
export const closedPathOf = ({ value }: Pick<Directive, "value">): string => value.replace(/^-/, "");

/**
 * With ProtectHome= alone, systemd 252 leaves these directories writable on a user manager, and files written there are lost
 * when the service ends.
 */
const homes: Directive[] = ["/home", "/root", "/run/user"].map((path) => ({ name: "TemporaryFileSystem", value: `${path}:ro` }));

/** True for directives that make the home directory inaccessible or read-only. */
export const isOfHome = ({ name, value }: Directive): boolean =>
  name === "ProtectHome" || homes.some((one) => one.name === name && one.value === value);

const base: Directive[] = [
  { name: "NoNewPrivileges", value: "yes" },
  { name: "PrivateUsers", value: "yes" },
  { name: "PrivateTmp", value: "yes" },
  { name: "PrivateDevices", value: "yes" },
  // PrivateIPC= alone leaves the /dev/shm of the host. The mode is 1777 as usual, because programs of any user create files
  // there.
  { name: "TemporaryFileSystem", value: "/dev/shm:mode=1777,size=50%" },
  { name: "PrivateIPC", value: "yes" },
  { name: "KeyringMode", value: "private" },
  { name: "ProtectSystem", value: "strict" },
  // Where systemd mounts /proc, /sys and /run itself, for example for ProtectKernelTunables=, it leaves them out of
  // ProtectSystem=strict: /run stayed writable on 252 and 257, and on 257 also /sys, whatever ReadOnlyPaths= said.
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
  // The system calls that the launcher of bs9 makes. If a service makes them, they can only remove access rights of the service
  // itself (landlock(7)).
  { name: "SystemCallFilter", value: "landlock_create_ruleset landlock_add_rule landlock_restrict_self" },
  { name: "SystemCallErrorNumber", value: "EPERM" },
  { name: "CapabilityBoundingSet", value: "" },
];

// os.networkInterfaces() of Node and Bun needs netlink, and many programs call it for their start message.
const ofStandard: Directive[] = [
  { name: "RestrictAddressFamilies", value: "AF_UNIX AF_INET AF_INET6 AF_NETLINK" },
  { name: "UMask", value: "0022" },
];

const ofStrict: Directive[] = [
  { name: "RestrictAddressFamilies", value: "AF_UNIX AF_INET AF_INET6" },
  { name: "UMask", value: "0077" },
];

/**
 * The directives of a profile, as shipped. No profile has `MemoryDenyWriteExecute`, because it ends every engine with a
 * just-in-time compiler.
 */
export function profileDirectives(profile: SandboxProfile): Directive[] {
  if (profile === "off") return [{ name: "NoNewPrivileges", value: "yes" }];
  return [...base, ...(profile === "standard" ? ofStandard : ofStrict)];
}

/**
 * The directives that the user gives up by opening the paths that they close, or paths below them. The paths must not contain
 * links.
 */
export function waivedDirectives(opened: string[]): Directive[] {
  return closedPaths.filter((directive) => isOpened(closedPathOf(directive), opened));
}

/**
 * Directives that bs9 asks for in addition, without promising them. Mounting /proc with options needs a privilege over the pid
 * namespace (proc(5), user_namespaces(7)), so on the manager of an ordinary user systemd silently leaves the plain /proc. The
 * options would hide names and arguments of other processes; PrivateUsers already closes their environment, memory and files.
 */
export function wishedDirectives(profile: SandboxProfile): Directive[] {
  if (profile === "off") return [];
  const wished = [{ name: "ProtectProc", value: "invisible" }];
  return profile === "strict" ? [...wished, { name: "ProcSubset", value: "pid" }] : wished;
}

/** Directives that need a namespace or a capability: without user namespaces they have no effect, or make the start fail. */
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
  // Dropping a capability needs a capability (218/CAPABILITIES).
  "CapabilityBoundingSet",
]);

/** True where a unit has its own mounts, which hide the home directory. */
export const hidesHome = (directives: readonly Directive[]): boolean => directives.some(({ name }) => name === "ProtectHome");

/** ProtectHome= covers only these directories (systemd.exec(5)); a home directory elsewhere needs its own tmpfs. */
export function homeIsCovered(home: string): boolean {
  return ["/home", "/root", "/run/user"].some((folder) => home === folder || home.startsWith(`${folder}/`));
}
