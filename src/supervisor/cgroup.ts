// Creates a cgroup for each service below the cgroup of the supervisor, where this user has the permission (cgroups(7)).
import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { cgroupFolderOf } from "../metrics/cgroup.ts";
import type { Spec } from "../service/spec.ts";

const periodUsec = 100_000;
let parent: string | null | undefined;

/**
 * Creates the cgroup of a service and writes its limits, as far as the kernel offers the controllers. Returns its directory, or
 * null where no cgroup can be created. The name contains a hash of `state`, the locked directory, because another supervisor
 * may have the same parent cgroup and a service of the same name.
 */
export function joinable(name: string, state: string, limits: Spec["limits"]): string | null {
  parent ??= prepared();
  if (parent === null) return null;
  const folder = join(parent, `bs9-${Bun.hash(state).toString(16)}-${name}`);
  try {
    mkdirSync(folder, { recursive: true });
  } catch {
    return null;
  }
  const { memoryBytes, cpuPercent, tasks } = limits;
  set(folder, "memory.max", memoryBytes === null ? "max" : String(memoryBytes));
  set(folder, "cpu.max", `${cpuPercent === null ? "max" : Math.round((cpuPercent * periodUsec) / 100)} ${periodUsec}`);
  set(folder, "pids.max", String(tasks));
  return folder;
}

export function removeCgroup(folder: string): void {
  try {
    rmdirSync(folder);
  } catch {
    // Killed processes may still be in the cgroup for a moment. The next start reuses the directory.
  }
}

/** A cgroup that holds processes cannot pass controllers on, so the supervisor moves into a child cgroup beside its services. */
function prepared(): string | null {
  const own = cgroupFolderOf(process.pid);
  if (own === null || own.endsWith("/bs9-run")) return own === null ? null : join(own, "..");
  try {
    const leaf = join(own, "bs9-run");
    mkdirSync(leaf, { recursive: true });
    writeFileSync(join(leaf, "cgroup.procs"), String(process.pid));
    for (const controller of readFileSync(join(own, "cgroup.controllers"), "utf8").trim().split(/\s+/).filter(Boolean))
      set(own, "cgroup.subtree_control", `+${controller}`);
    return own;
  } catch {
    return null;
  }
}

/** Moves the supervisor back to its original cgroup when it ends. */
export function leaveCgroup(): void {
  const own = cgroupFolderOf(process.pid);
  if (own === null || !own.endsWith("/bs9-run")) return;
  try {
    writeFileSync(join(own, "..", "cgroup.procs"), String(process.pid));
    rmdirSync(own);
  } catch {
    // The cgroup that is left over disappears when the machine shuts down.
  }
}

function set(folder: string, file: string, value: string): void {
  try {
    if (existsSync(join(folder, file))) writeFileSync(join(folder, file), value);
  } catch {
    // A limit that could not be set is not an error: `status` reads back the limits that are in force.
  }
}
