// The check that the launcher runs before a program: it compares what systemd has mounted with what the unit was made for.
//
// systemd follows symbolic links when it mounts. A service could therefore replace a directory, which another service binds, by
// a link, before systemd restarts that other service. A check before the mount would race with this replacement. This check
// comes after the mount and before the program: it runs in the finished mount namespace, where nobody can mount anything any
// more. proc_pid_mountinfo(5) gives the directory that each mount shows, as a path within its file system.

import { cacheInHome } from "../../backend/directories.ts";
import { wrongMountStatus } from "../../backend/ended.ts";
import type { Opening } from "../../backend/opening.ts";
import { type Directive, homeIsCovered } from "../../backend/sandbox.ts";

/**
 * A path that the sandbox opens, and the path on the host that it must show; `isOptional`: it is correct as well if nothing is
 * mounted there.
 */
export type ExpectedMount = { path: string; real: string; isOptional: boolean };

/** The paths of an opening that systemd mounts. */
export type Mounted = Pick<Opening, "writable" | "readable" | "optional" | "leads" | "cache">;

export function expectedMountsOf({ writable, readable, optional, leads, cache }: Mounted, home: string): ExpectedMount[] {
  const own = cache === null ? [] : [{ path: cacheInHome(home), real: cache, isOptional: true }];
  const firm = [...new Set([...writable, ...readable])].map((path) => ({ path, real: path, isOptional: false }));
  return [...firm, ...own, ...optional.map((path) => ({ path, real: leads[path] ?? path, isOptional: true }))];
}

/**
 * The arguments of a command that prints a line and exits with `wrongMountStatus` if a mount is wrong. Null where the unit
 * makes no mounts of its own. Pure.
 */
export function mountCheck(name: string, places: ExpectedMount[], directives: Directive[], home: string): string[] | null {
  const has = (directive: string) => directives.some((one) => one.name === directive);
  if (!has("ProtectHome") || places.length === 0) return null;
  const covers = [
    "/home",
    "/root",
    "/run/user",
    ...(homeIsCovered(home) ? [] : [home]),
    ...(has("PrivateTmp") ? ["/tmp", "/var/tmp"] : []),
    ...(has("TemporaryFileSystem") ? ["/dev/shm"] : []),
  ];
  const words = places.flatMap(({ path, real, isOptional }) => [isOptional ? "-" : "+", escaped(path), escaped(real)]);
  return ["awk", program, name, String(covers.length), ...covers.map(escaped), ...words];
}

/** Escapes a path as the kernel does in mountinfo. */
function escaped(path: string): string {
  return path.replace(/[ \t\n\\]/g, (character) => `\\${character.charCodeAt(0).toString(8).padStart(3, "0")}`);
}

/**
 * at(path): the mount that a path leads to, found from the root downwards, ignoring hidden mounts. Hidden mounts are those that
 * systemd has made for the unit, so that the others show where a path leads on the host. NFS shows "/" as the root of every
 * mount (nfs_show_path() of the kernel), so the root cannot be compared there.
 */
const program = `
function within(p, f) { return f == "/" || p == f || index(p, f "/") == 1 }
function at(p,   here, next_, i) {
  here = top
  for (;;) {
    next_ = ""
    for (i = 1; i <= n; i++)
      if (parent[i] == id[here] && i != here && !hidden[i] && within(p, point[i]) && (next_ == "" || length(point[i]) <= length(point[next_]))) next_ = i
    if (next_ == "") return here
    here = next_
  }
}
function rest(p, m,   r) {
  r = (root[m] == "/" ? "" : root[m]) substr(p, point[m] == "/" ? 1 : length(point[m]) + 1)
  return r == "" ? "/" : r
}
BEGIN {
  while ((getline line < "/proc/self/mountinfo") > 0) {
    split(line, f, " "); n++
    id[n] = f[1]; parent[n] = f[2]; device[n] = f[3]; root[n] = f[4]; point[n] = f[5]; known[f[1]] = 1
    isNfs[n] = line ~ / - nfs4? /
  }
  for (i = 1; i <= n; i++) if (point[i] == "/" && !known[parent[i]]) top = i
  first = 3 + ARGV[2]
  for (i = first; i < ARGC; i += 3) seen[i] = at(ARGV[i + 1])
  for (i = first; i < ARGC; i += 3) if (point[seen[i]] == ARGV[i + 1]) hidden[seen[i]] = 1
  for (i = 3; i < first; i++) { m = at(ARGV[i]); if (point[m] == ARGV[i]) hidden[m] = 1 }
  for (i = first; i < ARGC; i += 3) {
    m = seen[i]; there = at(ARGV[i + 2])
    if (point[m] != ARGV[i + 1]) {
      if (ARGV[i] == "-") continue
      print "bs9: refused to run " ARGV[1] ": " ARGV[i + 1] " is not mounted in its sandbox, so it or a folder above it was replaced by a symbolic link"
    } else if (device[m] == device[there] && (root[m] == rest(ARGV[i + 2], there) || isNfs[m])) continue
    else print "bs9: refused to run " ARGV[1] ": " ARGV[i + 1] " was replaced by a symbolic link since " ARGV[1] " was defined; mounted was " root[m]
    print "bs9: if that was you, run: bs9 restart " ARGV[1] "; if not, another service that may write there has tried to reach further"
    exit ${wrongMountStatus}
  }
}
`.trim();
