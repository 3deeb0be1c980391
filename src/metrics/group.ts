// The processes of a service: those in its cgroup, or a list of pids for a service without its own cgroup.
import { type CgroupFigures, readFigures, readPids, usecOfCgroup, usecOfPids } from "./cgroup.ts";

export type Group = { kind: "cgroup"; folder: string } | { kind: "processes"; pids: number[] };

/** The pids of the processes; empty if there is no group. */
export function pidsOf(group: Group | null): number[] {
  if (group === null) return [];
  return group.kind === "cgroup" ? readPids(group.folder) : group.pids;
}

/** CPU time used by the group, in microseconds; for a list of pids, that of the live processes and their ended children. */
export function cpuUsecOf(group: Group | null): number | null {
  if (group === null) return null;
  return group.kind === "cgroup" ? usecOfCgroup(group.folder) : usecOfPids(group.pids);
}

/** A figure that cannot be measured is null, never 0. */
export function figuresOf(group: Group | null): CgroupFigures {
  if (group === null) return { memoryBytes: null, memorySource: null, tasks: null };
  return readFigures(group.kind === "cgroup" ? group.folder : null, pidsOf(group));
}
