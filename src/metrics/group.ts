// The processes of a service: those of its cgroup, or, where there is none of its own, those that were counted one by one.
import { type CgroupFigures, readFigures, readPids, usecOfCgroup, usecOfPids } from "./cgroup.ts";

export type Group = { kind: "cgroup"; folder: string } | { kind: "processes"; pids: number[] };

/** Empty where there is no group. */
export function pidsOf(group: Group | null): number[] {
  if (group === null) return [];
  return group.kind === "cgroup" ? readPids(group.folder) : group.pids;
}

/** CPU time used by the group, in microseconds; of counted processes by those that still live and their children. */
export function cpuUsecOf(group: Group | null): number | null {
  if (group === null) return null;
  return group.kind === "cgroup" ? usecOfCgroup(group.folder) : usecOfPids(group.pids);
}

/** Null figures where they cannot be had, never 0. */
export function figuresOf(group: Group | null): CgroupFigures {
  if (group === null) return { memoryBytes: null, memorySource: null, tasks: null };
  return readFigures(group.kind === "cgroup" ? group.folder : null, pidsOf(group));
}
