// The process of the user manager, from the cgroup that systemd keeps it in.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { cgroupRoot } from "../metrics/cgroup.ts";

/** Null where the cgroups of this machine are not laid out as systemd.special(7) has them. */
export function managerPid(uid: number): number | null {
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
