// Readings of a service from its cgroup, or, where the kernel has no controller there, from its processes.
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { readProc } from "../base/proc.ts";

export type CgroupFigures = {
  memoryBytes: number | null;
  memorySource: "cgroup" | "processes" | null;
  tasks: number | null;
};

const ticksPerSecond = 100;

/** `folder` is the absolute folder of the cgroup, null where there is none and the processes are all there is. */
export function readFigures(folder: string | null, pids: number[]): CgroupFigures {
  const current = folder === null ? null : number(read(folder, "memory.current"));
  const tasks = folder === null ? null : number(read(folder, "pids.current"));
  const counted = current === null || tasks === null ? pids.flatMap((pid) => readStat(pid) ?? []) : [];
  const memoryBytes = current ?? sum(counted, ({ residentBytes }) => residentBytes);
  return {
    memoryBytes,
    memorySource: current !== null ? "cgroup" : memoryBytes === null ? null : "processes",
    tasks: tasks ?? sum(counted, ({ threads }) => threads),
  };
}

/** CPU time used since the cgroup was made. */
export function usecOfCgroup(folder: string): number | null {
  return number(/^usage_usec (\d+)$/m.exec(read(folder, "cpu.stat") ?? "")?.[1] ?? null) ?? usecOfPids(readPids(folder));
}

export function usecOfPids(pids: number[]): number | null {
  return sum(
    pids.flatMap((pid) => readStat(pid) ?? []),
    ({ cpuUsec }) => cpuUsec,
  );
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

/** Null where there is nothing to add. */
function sum<T>(all: readonly T[], of: (one: T) => number): number | null {
  return all.length === 0 ? null : all.reduce((total, one) => total + of(one), 0);
}

type Stat = { cpuUsec: number; threads: number; residentBytes: number };

/**
 * Of one process, by one read: utime, stime and those of the children that it has waited for, num_threads and rss; fields 14 to
 * 17, 20 and 24 of proc_pid_stat(5). Without the children, the CPU time of a service would fall when one of them ends.
 */
function readStat(pid: number): Stat | null {
  const stat = readProc(`${pid}/stat`);
  if (stat === null) return null;
  // The command in brackets may hold spaces and brackets itself.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const ticks = fields.slice(11, 15).reduce((total, field) => total + Number(field), 0);
  return {
    cpuUsec: (ticks * 1_000_000) / ticksPerSecond,
    threads: Number(fields[17]),
    residentBytes: Number(fields[21]) * pageBytes(),
  };
}

let page: number | null = null;

/** AT_PAGESZ of getauxval(3): arm64 has kernels with 16 and 64 KiB. */
function pageBytes(): number {
  page ??= pageIn(readFileSync("/proc/self/auxv"));
  return page;
}

const AT_PAGESZ = 6n;

function pageIn(auxv: Buffer): number {
  const words = new BigUint64Array(auxv.buffer.slice(auxv.byteOffset, auxv.byteOffset + auxv.byteLength));
  for (let i = 0; i + 1 < words.length; i += 2) if (words[i] === AT_PAGESZ) return Number(words[i + 1]);
  return 4096;
}
