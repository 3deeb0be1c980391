// Readings of a service from its cgroup, or, where the kernel has no controller there, from its processes.
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { readProc, statusField } from "../base/proc.ts";

export type Figures = {
  memoryBytes: number | null;
  memorySource: "cgroup" | "processes" | null;
  tasks: number | null;
};

const ticksPerSecond = 100;

/** `folder` is the absolute folder of the cgroup, null where there is none and the processes are all there is. */
export function readFigures(folder: string | null, pids: number[]): Figures {
  const current = folder === null ? null : number(read(folder, "memory.current"));
  const memoryBytes = current ?? sum(pids, residentBytes);
  return {
    memoryBytes,
    memorySource: current !== null ? "cgroup" : memoryBytes === null ? null : "processes",
    tasks: (folder === null ? null : number(read(folder, "pids.current"))) ?? sum(pids, threads),
  };
}

/** CPU time used since the cgroup was made. */
export function usecOfCgroup(folder: string): number | null {
  return number(/^usage_usec (\d+)$/m.exec(read(folder, "cpu.stat") ?? "")?.[1] ?? null) ?? usecOfPids(readPids(folder));
}

export function usecOfPids(pids: number[]): number | null {
  return sum(pids, cpuUsec);
}

/** The processes of this one folder: a service without Delegate= has no cgroups below its own. */
export function readPids(folder: string): number[] {
  return (read(folder, "cgroup.procs") ?? "").split("\n").filter(Boolean).map(Number);
}

/** The folder of the cgroup that a process is in, null where it is gone. cgroups(7). */
export function cgroupFolderOf(pid: number): string | null {
  const text = readProc(`${pid}/cgroup`);
  const unified = text === null ? null : /^0::(\/.*)$/m.exec(text)?.[1];
  return unified == null ? null : join(cgroupRoot(), unified);
}

let root: string | null = null;

/** Where cgroup2 is mounted: /sys/fs/cgroup, or beside the old hierarchies. */
export function cgroupRoot(): string {
  root ??= / - cgroup2 /.test(readProc("self/mountinfo") ?? "")
    ? (/^\S+ \S+ \S+ \S+ (\S+) .* - cgroup2 /m.exec(readProc("self/mountinfo") ?? "")?.[1] ?? "/sys/fs/cgroup")
    : "/sys/fs/cgroup";
  return root;
}

function read(folder: string, file: string): string | null {
  const path = join(folder, file);
  try {
    // Where a controller is not delegated its files are missing: an error for each would cost ten times the look.
    return existsSync(path) ? readFileSync(path, "utf8") : null;
  } catch {
    return null;
  }
}

function number(text: string | null): number | null {
  return text !== null && /^\d+\s*$/.test(text) ? Number(text) : null;
}

function sum(pids: number[], of: (pid: number) => number | null): number | null {
  let total: number | null = null;
  for (const pid of pids) {
    const value = of(pid);
    if (value !== null) total = (total ?? 0) + value;
  }
  return total;
}

// In kB, whatever the size of a page is: arm64 has kernels with 64 KiB.
function residentBytes(pid: number): number | null {
  const resident = statusField(readProc(`${pid}/status`) ?? "", "VmRSS");
  return resident === null ? null : Number.parseInt(resident, 10) * 1024;
}

function threads(pid: number): number | null {
  const threads = statusField(readProc(`${pid}/status`) ?? "", "Threads");
  return threads === null ? null : Number(threads);
}

// utime and stime, fields 14 and 15 of proc_pid_stat(5), in clock ticks.
function cpuUsec(pid: number): number | null {
  const stat = readProc(`${pid}/stat`);
  if (stat === null) return null;
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return ((Number(fields[11]) + Number(fields[12])) * 1_000_000) / ticksPerSecond;
}
