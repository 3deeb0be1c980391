// What /proc shows of a process, each file read once.
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

/** What the services stand beside: the machine as the user sees it without a sandbox. */
export type Outside = Live & {
  home: string;
  /** The folders that hold homes and runtime folders of users, as far as they are there. */
  homes: string[];
  hasModules: boolean;
  /** Where the closed paths that are there lead, links resolved: a link is closed where it leads to. */
  closed: ReadonlyMap<string, string>;
};

export type LiveText = { status: string; uidMap: string; mountinfo: string; ns: Namespaces };

/** Null where the process is gone or its /proc may not be read. */
export function readLive(pid: number | "self"): Live | null {
  const status = readProc(`${pid}/status`);
  const uidMap = readProc(`${pid}/uid_map`);
  const mountinfo = readProc(`${pid}/mountinfo`);
  const ns = readNamespaces(pid);
  // A zombie has a status, and mounts no more.
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
 * The user manager shows itself only where it has no capability that we lack (ptrace(2)); then this process, which it started or
 * which came from the same login, has to stand for it.
 */
export function readOutside(home: string, uid: number): Outside | null {
  const pid = userManagerPid(uid);
  const live = (pid === null ? null : readLive(pid)) ?? readLive("self");
  if (live === null) return null;
  const homes = ["/home", "/root", "/run/user", resolvedPath(home)].filter((folder) => existsSync(folder));
  const closed = readClosed();
  return { ...live, home: resolvedPath(home), homes, hasModules: existsSync("/usr/lib/modules"), closed };
}

/** Null where the cgroups of this machine are not laid out as systemd.special(7) has them. */
export function userManagerPid(uid: number): number | null {
  try {
    const text = readFileSync(join(cgroupRoot(), `user.slice/user-${uid}.slice/user@${uid}.service/init.scope/cgroup.procs`), "utf8");
    // Its helper (sd-pam) is there too, and started later. Those of another pid namespace count as 0.
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
