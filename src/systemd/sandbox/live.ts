// Reads what /proc shows of a process, each file once.
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { resolvedPath } from "../../base/paths.ts";
import { linkOf, readProc } from "../../base/proc.ts";
import { cgroupRoot } from "../../metrics/cgroup.ts";
import { readClosed } from "./closed.ts";
import { Mounts } from "./mounts.ts";

export type Namespaces = { user: string; mnt: string; ipc: string; uts: string };

export type Live = {
  status: Map<string, string>;
  uidMap: string;
  ns: Namespaces;
  mounts: Mounts;
};

/** The environment that services are compared with: the system as the user sees it without a sandbox. */
export type Outside = Live & {
  home: string;
  /** The existing directories that hold home directories and runtime directories of users. */
  homes: string[];
  hasModules: boolean;
  /** The targets of the closed paths that exist, because systemd makes the target of a symbolic link inaccessible. */
  closed: ReadonlyMap<string, string>;
};

export type LiveText = { status: string; uidMap: string; mountinfo: string; ns: Namespaces };

/** Reads what /proc shows of a process; null if the process has ended or its /proc cannot be read. */
export function readLive(pid: number | "self"): Live | null {
  const status = readProc(`${pid}/status`);
  const uidMap = readProc(`${pid}/uid_map`);
  const mountinfo = readProc(`${pid}/mountinfo`);
  const ns = readNamespaces(pid);
  // A zombie has a status but no mounts.
  return status === null || uidMap === null || !mountinfo || ns === null ? null : parseLive({ status, uidMap, mountinfo, ns });
}

export function parseLive({ status, uidMap, mountinfo, ns }: LiveText): Live {
  const fields = new Map<string, string>();
  for (const line of status.split("\n")) {
    const colon = line.indexOf(":");
    if (colon !== -1) fields.set(line.slice(0, colon), line.slice(colon + 1).trim());
  }
  return { status: fields, uidMap: uidMap.trim(), ns, mounts: new Mounts(mountinfo) };
}

/**
 * /proc of the user manager is readable only if the manager has no capability that this process lacks (ptrace(2)). Otherwise
 * this process is used in its place, because it was started by the manager or by the same login.
 */
export function readOutside(home: string, uid: number): Outside | null {
  const pid = userManagerPid(uid);
  const live = (pid === null ? null : readLive(pid)) ?? readLive("self");
  if (live === null) return null;
  const homes = ["/home", "/root", "/run/user", resolvedPath(home)].filter((folder) => existsSync(folder));
  const closed = readClosed();
  return { ...live, home: resolvedPath(home), homes, hasModules: existsSync("/usr/lib/modules"), closed };
}

/**
 * The pid of the user manager, found by its cgroup; null if the cgroups of this machine are not arranged as in
 * systemd.special(7).
 */
export function userManagerPid(uid: number): number | null {
  try {
    const text = readFileSync(join(cgroupRoot(), `user.slice/user-${uid}.slice/user@${uid}.service/init.scope/cgroup.procs`), "utf8");
    // The cgroup also holds the helper (sd-pam), which started later. Processes of another pid namespace appear as 0.
    const pids = text
      .split("\n")
      .filter(Boolean)
      .map(Number)
      .filter((pid) => pid > 0);
    return pids.length === 0 ? null : Math.min(...pids);
  } catch {
    return null;
  }
}

function readNamespaces(pid: number | "self"): Namespaces | null {
  const [user, mnt, ipc, uts] = ["user", "mnt", "ipc", "uts"].map((name) => linkOf(`${pid}/ns/${name}`));
  return user && mnt && ipc && uts ? { user, mnt, ipc, uts } : null;
}
