// Caches the results of the probes until something changes that they depend on.
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
  /** True if units on this host start services through the launcher of bs9. */
  isLaunched: v.boolean(),
  /** What a program under the launcher could reach outside of its service when it tried. */
  reached: v.array(v.picklist(threats)),
  /** True if that program could not open a file of the home directory, although no mount hides the file. */
  isFileClosed: v.boolean(),
  /** Why services run without a launcher. */
  why: v.nullable(v.string()),
});
export type HostIsolation = v.InferOutput<typeof HostIsolation>;

const HostProfile = v.strictObject({
  /** The sandbox directives that bs9 writes into a unit on this host. */
  directives: v.array(v.strictObject({ name: v.string(), value: v.string() })),
  /** The directives of the profile that this host denies or makes void; `directive` is `NAME=VALUE`. */
  withheld: v.array(Missing),
  /** The directives, as `NAME=VALUE`, that were in effect in the probe: the actions that they forbid failed there. */
  probed: v.array(v.string()),
  /** The number of system call filters that these directives load on this host. */
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

/** If the cache cannot be written, the next command only has to run the probe again. */
export function writeCached(folder: string, profile: SandboxProfile, key: string, host: HostProfile): void {
  try {
    writeWhole(fileIn(folder), JSON.stringify({ ...read(folder), [profile]: { key, host } }), 0o600);
  } catch {}
}

/** Everything that the result depends on and that can change, so that a repaired host is probed again automatically. */
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

/** The kernel settings that can deny user namespaces, by name; null where this kernel does not have the setting. */
export function userNamespaceSettings(): [string, string | null][] {
  return ["kernel/apparmor_restrict_unprivileged_userns", "kernel/unprivileged_userns_clone", "user/max_user_namespaces"].map((name) => [
    name.replace("/", "."),
    readProc(`sys/${name}`)?.trim() ?? null,
  ]);
}

/** Asking systemd for its version would start a process in every command; an upgraded package replaces the file. */
function systemdBinary(): string {
  const path = ["/usr/lib/systemd/systemd", "/lib/systemd/systemd", "/run/current-system/systemd/lib/systemd/systemd"].find((one) =>
    existsSync(one),
  );
  if (path === undefined) return "unknown";
  const { size, mtimeMs, ino } = statSync(path);
  return `${path} ${size} ${mtimeMs} ${ino}`;
}

const fileIn = (folder: string): string => join(folder, "host.json");

/** A cache that cannot be parsed counts as empty. */
function read(folder: string): v.InferOutput<typeof Cache> {
  try {
    return v.parse(Cache, JSON.parse(readIfThere(fileIn(folder)) ?? "{}"));
  } catch {
    return {};
  }
}
