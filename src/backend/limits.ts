// Reads which limits the kernel enforces on a live service, because a limit in the spec is not always in force.
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { readProc } from "../base/proc.ts";
import type { Spec } from "../service/spec.ts";
import type { Limit, Limits } from "./verdict.ts";

/** systemd rounds down to pages, which have up to 64 KiB on arm64. */
const largestPageBytes = 65_536;

/** `cgroup` is the absolute directory of the service's cgroup; without it no cgroup limit is in force. */
export function limitsInForce(spec: Spec, pid: number | null, cgroup: string | null): Limits {
  const { memoryBytes, cpuPercent, tasks, files } = spec.limits;
  const shown = (file: string) => (cgroup === null ? null : read(join(cgroup, file)));
  return {
    memoryBytes: memoryBytes === null ? null : limit(memoryBytes, holdsMemory(shown("memory.max"), memoryBytes)),
    cpuPercent: cpuPercent === null ? null : limit(cpuPercent, holdsCpu(shown("cpu.max"), cpuPercent)),
    tasks: limit(tasks, shown("pids.max") === String(tasks)),
    files: limit(files, pid !== null && holdsFiles(readProc(`${pid}/limits`), files)),
  };
}

const limit = (value: number, inForce: boolean): Limit => ({ value, inForce });

export function holdsMemory(shown: string | null, bytes: number): boolean {
  const kept = shown === null ? Number.NaN : Number(shown);
  return kept <= bytes && kept > bytes - largestPageBytes;
}

/** `QUOTA PERIOD` in microseconds; the kernel takes whole microseconds, so a small share is slightly rounded. */
export function holdsCpu(shown: string | null, percent: number): boolean {
  const [quota, period] = (shown ?? "").split(" ").map(Number);
  return quota !== undefined && period !== undefined && Math.abs((quota / period) * 100 - percent) <= percent * 0.01;
}

/** Compares the hard limit: below it a process may set the soft limit freely, and Bun and Node raise it. */
export function holdsFiles(limits: string | null, files: number): boolean {
  const hard = /^Max open files +\d+ +(\d+)/m.exec(limits ?? "")?.[1];
  return hard !== undefined && Number(hard) <= files;
}

function read(path: string): string | null {
  try {
    return existsSync(path) ? readFileSync(path, "utf8").trim() : null;
  } catch {
    return null;
  }
}
