// Reads memory, tasks and CPU time of a service from its cgroup, or from its processes where the cgroup lacks the controller.
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { readProc } from "../base/proc.ts";

export type CgroupFigures = {
  memoryBytes: number | null;
  memorySource: "cgroup" | "processes" | null;
  tasks: number | null;
};

const ticksPerSecond = 100;

/**
 * `folder` is the absolute path of the cgroup; null where the service has no cgroup, so that only its processes can be read.
 */
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

/** How often the kernel has killed a process of this cgroup because memory ran out; null where it does not count that. */
export function oomKillsIn(folder: string): number | null {
  return number(/^oom_kill (\d+)$/m.exec(read(folder, "memory.events") ?? "")?.[1] ?? null);
}

/** CPU time used since the cgroup was created. */
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

/** The directory of the cgroup of a process, as in cgroups(7); null where the process is gone. */
export function cgroupFolderOf(pid: number): string | null {
  const text = readProc(`${pid}/cgroup`);
  const unified = text === null ? null : /^0::(\/.*)$/m.exec(text)?.[1];
  return unified == null ? null : join(cgroupRoot(), unified);
}

let root: string | null = null;

/** The mount point of cgroup2: /sys/fs/cgroup, or another directory where cgroup v1 is mounted too. */
export function cgroupRoot(): string {
  root ??= / - cgroup2 /.test(readProc("self/mountinfo") ?? "")
    ? (/^\S+ \S+ \S+ \S+ (\S+) .* - cgroup2 /m.exec(readProc("self/mountinfo") ?? "")?.[1] ?? "/sys/fs/cgroup")
    : "/sys/fs/cgroup";
  return root;
}

function read(folder: string, file: string): string | null {
  const path = join(folder, file);
  try {
    // The files of a controller that is not delegated are missing. Checking first is ten times cheaper than a thrown error.
    return existsSync(path) ? readFileSync(path, "utf8") : null;
  } catch {
    return null;
  }
}

function number(text: string | null): number | null {
  return text !== null && /^\d+\s*$/.test(text) ? Number(text) : null;
}

/** Null for an empty list. */
function sum<T>(all: readonly T[], of: (one: T) => number): number | null {
  return all.length === 0 ? null : all.reduce((total, one) => total + of(one), 0);
}

type Stat = { cpuUsec: number; threads: number; residentBytes: number };

/**
 * Reads utime, stime, cutime, cstime, num_threads and rss of a process: fields 14 to 17, 20 and 24 of proc_pid_stat(5). Without
 * cutime and cstime, the times of ended children, the CPU time of a service would fall when a child ends.
 */
function readStat(pid: number): Stat | null {
  const stat = readProc(`${pid}/stat`);
  if (stat === null) return null;
  // The command name in parentheses may itself contain spaces and parentheses.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const ticks = fields.slice(11, 15).reduce((total, field) => total + Number(field), 0);
  return {
    cpuUsec: (ticks * 1_000_000) / ticksPerSecond,
    threads: Number(fields[17]),
    residentBytes: Number(fields[21]) * pageBytes(),
  };
}

let page: number | null = null;

/** The page size, AT_PAGESZ of getauxval(3), because kernels for arm64 may use 16 or 64 KiB instead of 4. */
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
