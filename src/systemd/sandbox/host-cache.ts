// Keeps what the probes have found, for as long as nothing changes that it hangs on.
import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import * as v from "valibot";
import { threats } from "../../backend/isolation.ts";
import { Missing } from "../../backend/verdict.ts";
import { readIfThere, writeWhole } from "../../base/files.ts";
import { bootId, readProc, startTimeOf } from "../../base/proc.ts";
import type { SandboxProfile } from "../../service/spec.ts";
import { version } from "../../version.ts";
import { userManagerPid } from "./live.ts";
import type { ProbeDeps } from "./probe.ts";

const HostIsolation = v.strictObject({
  /** Services are started by bs9's launcher. */
  isLaunched: v.boolean(),
  /** What the attempts under the launcher have reached outside. */
  reached: v.array(v.picklist(threats)),
  /** A file of home that no mount closes was closed to them. */
  isFileClosed: v.boolean(),
  /** Why services have no launcher. */
  why: v.nullable(v.string()),
});
export type HostIsolation = v.InferOutput<typeof HostIsolation>;

const HostProfile = v.strictObject({
  /** What a unit here is to declare. */
  directives: v.array(v.strictObject({ name: v.string(), value: v.string() })),
  /** What of the profile this host denies or voids; `directive` is `NAME=VALUE`. */
  withheld: v.array(Missing),
  /** What the attempts of the probe have proved, as `NAME=VALUE`. */
  probed: v.array(v.string()),
  /** How many system call filters these directives load here. */
  filters: v.number(),
  /** Absent under the profile `off`. */
  isolation: v.optional(HostIsolation),
});
export type HostProfile = v.InferOutput<typeof HostProfile>;

const Entry = v.strictObject({ key: v.string(), host: HostProfile });
const Cache = v.record(v.string(), Entry);

export function readCached(folder: string, profile: SandboxProfile, key: string): HostProfile | null {
  const entry = read(folder)[profile];
  return entry?.key === key ? entry.host : null;
}

/** A cache that cannot be written costs the next command a probe, and no more. */
export function writeCached(folder: string, profile: SandboxProfile, key: string, host: HostProfile): void {
  try {
    writeWhole(fileIn(folder), JSON.stringify({ ...read(folder), [profile]: { key, host } }), 0o600);
  } catch {}
}

/** All that the outcome hangs on and that can change: a host that was mended is tried out anew by itself. */
export function hostKey(directives: string[], { reach, runtime }: ProbeDeps): string {
  const pid = userManagerPid(reach.uid);
  return JSON.stringify([
    directives,
    bootId(),
    [pid, pid === null ? null : startTimeOf(pid)],
    systemdBinary(),
    [version.version, version.commit, runtime],
    userNamespaceSettings().map(([, value]) => value),
  ]);
}

/** The settings of the kernel that deny user namespaces, by name; null where this kernel has none of it. */
export function userNamespaceSettings(): [string, string | null][] {
  return ["kernel/apparmor_restrict_unprivileged_userns", "kernel/unprivileged_userns_clone", "user/max_user_namespaces"].map((name) => [
    name.replace("/", "."),
    readProc(`sys/${name}`)?.trim() ?? null,
  ]);
}

/** Asking systemd for its version would cost a process at every command; a package that changes it changes the file. */
function systemdBinary(): string {
  const path = ["/usr/lib/systemd/systemd", "/lib/systemd/systemd", "/run/current-system/systemd/lib/systemd/systemd"].find((one) =>
    existsSync(one),
  );
  if (path === undefined) return "unknown";
  const { size, mtimeMs, ino } = statSync(path);
  return `${path} ${size} ${mtimeMs} ${ino}`;
}

const fileIn = (folder: string): string => join(folder, "host.json");

/** A broken one counts as none. */
function read(folder: string): v.InferOutput<typeof Cache> {
  try {
    return v.parse(Cache, JSON.parse(readIfThere(fileIn(folder)) ?? "{}"));
  } catch {
    return {};
  }
}
