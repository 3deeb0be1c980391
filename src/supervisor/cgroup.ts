// A cgroup for each service, where this user may make one: below that of the supervisor (cgroups(7)).
import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { cgroupFolderOf } from "../metrics/cgroup.ts";
import type { Spec } from "../service/spec.ts";

const periodUsec = 100_000;
let parent: string | null | undefined;

/**
 * The folder of a new cgroup with the limits of the service, as far as the kernel keeps them there; null where none can be made.
 * Other supervisors may have the same parent and a service of the same name: `state`, the folder that is locked, tells them apart.
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
    // What was killed may take a moment; the next start takes the folder as it is.
  }
}

/** Controllers are passed on only by a cgroup that holds no process itself: the supervisor moves into one beside its services. */
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

/** Of the supervisor, at its end. */
export function leaveCgroup(): void {
  const own = cgroupFolderOf(process.pid);
  if (own === null || !own.endsWith("/bs9-run")) return;
  try {
    writeFileSync(join(own, "..", "cgroup.procs"), String(process.pid));
    rmdirSync(own);
  } catch {
    // It goes with the machine.
  }
}

function set(folder: string, file: string, value: string): void {
  try {
    if (existsSync(join(folder, file))) writeFileSync(join(folder, file), value);
  } catch {
    // `status` reads back what is in force.
  }
}
