// The sandbox profiles as systemd directives; pure. What a host cannot give is left out by the caller's word.
import type { SandboxProfile } from "../service/spec.ts";

export type Directive = { name: string; value: string };

/** What of the file system a service sees beside the read-only system. */
export type Opened = {
  writable: string[];
  readable: string[];
  /** Optional ones may be gone by the next start: a linked package, say. */
  optional: string[];
};

const base: Directive[] = [
  { name: "NoNewPrivileges", value: "yes" },
  { name: "PrivateUsers", value: "yes" },
  { name: "PrivateTmp", value: "yes" },
  { name: "PrivateDevices", value: "yes" },
  { name: "DevicePolicy", value: "closed" },
  { name: "PrivateIPC", value: "yes" },
  { name: "KeyringMode", value: "private" },
  { name: "ProtectSystem", value: "strict" },
  { name: "ProtectHome", value: "tmpfs" },
  { name: "ProtectKernelTunables", value: "yes" },
  { name: "ProtectKernelModules", value: "yes" },
  { name: "ProtectControlGroups", value: "yes" },
  { name: "ProtectClock", value: "yes" },
  { name: "ProtectHostname", value: "yes" },
  { name: "ProtectProc", value: "invisible" },
  { name: "RestrictNamespaces", value: "yes" },
  { name: "RestrictRealtime", value: "yes" },
  { name: "RestrictSUIDSGID", value: "yes" },
  { name: "LockPersonality", value: "yes" },
  { name: "SystemCallArchitectures", value: "native" },
  { name: "SystemCallFilter", value: "@system-service" },
  { name: "SystemCallFilter", value: "~@privileged @resources" },
  { name: "SystemCallErrorNumber", value: "EPERM" },
  { name: "CapabilityBoundingSet", value: "" },
  { name: "RemoveIPC", value: "yes" },
];

// os.networkInterfaces() of Node and Bun asks over netlink, and many a banner calls it.
const ofStandard: Directive[] = [
  { name: "RestrictAddressFamilies", value: "AF_UNIX AF_INET AF_INET6 AF_NETLINK" },
  { name: "ProcSubset", value: "all" },
  { name: "UMask", value: "0022" },
];

const ofStrict: Directive[] = [
  { name: "RestrictAddressFamilies", value: "AF_UNIX AF_INET AF_INET6" },
  { name: "ProcSubset", value: "pid" },
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

/** Directives that need a mount or user namespace: void or fatal where the host denies one. */
export const namespaced = new Set([
  "PrivateUsers",
  "PrivateTmp",
  "PrivateDevices",
  "PrivateIPC",
  "ProtectSystem",
  "ProtectHome",
  "ProtectKernelTunables",
  "ProtectKernelModules",
  "ProtectControlGroups",
  "ProtectHostname",
  "ProtectProc",
  "ProcSubset",
]);

/** ProtectHome= covers these alone (systemd.exec(5)); a home elsewhere needs a tmpfs of its own. */
export function homeIsCovered(home: string): boolean {
  return ["/home", "/root", "/run/user"].some((folder) => home === folder || home.startsWith(`${folder}/`));
}
