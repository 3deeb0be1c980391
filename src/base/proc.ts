// Reading /proc/PID: what the kernel says of one process, null where it is gone or may not be read.
import { readdirSync, readFileSync, readlinkSync } from "node:fs";

/** The text of a file under /proc, or null. */
export function readProc(path: string): string | null {
  try {
    return readFileSync(`/proc/${path}`, "utf8");
  } catch {
    return null;
  }
}

/** The target of a link under /proc, or null. */
export function linkOf(path: string): string | null {
  try {
    return readlinkSync(`/proc/${path}`);
  } catch {
    return null;
  }
}

/** The names in a folder under /proc; empty where it may not be read. */
export function listProc(path: string): string[] {
  try {
    return readdirSync(`/proc/${path}`);
  } catch {
    return [];
  }
}

/** Start time of a process in clock ticks since boot (field 22 of proc_pid_stat(5)): with the pid it names one process. */
export function startTimeOf(pid: number): string | null {
  const stat = readProc(`${pid}/stat`);
  // The command in brackets may hold spaces and brackets itself; fields are counted behind the last one.
  return stat?.slice(stat.lastIndexOf(")") + 2).split(" ")[19] ?? null;
}

/** A field of /proc/PID/status, e.g. `NoNewPrivs`. */
export function statusField(status: string, field: string): string | null {
  const match = new RegExp(`^${field}:\\s*(.*)$`, "m").exec(status);
  return match?.[1] ?? null;
}

/** The boot this is, as random_id: pids and start times of another one mean nothing. */
export function bootId(): string {
  return readProc("sys/kernel/random/boot_id")?.trim() ?? "unknown";
}

/** When a process started, in milliseconds since the epoch, exact to a clock tick; null where it is gone. */
export function startedAtMs(pid: number, booted = bootedAtMs()): number | null {
  const ticks = startTimeOf(pid);
  return ticks === null || booted === null ? null : booted + msOfTicks(Number(ticks));
}

/** When this machine started, in milliseconds since the epoch: to be read once for many processes. */
export function bootedAtMs(): number | null {
  const uptimeMs = uptimeOfMachineMs();
  return uptimeMs === 0 ? null : Date.now() - uptimeMs;
}

/** Since the boot, time in suspend included; 0 where it cannot be told. Nobody can step this clock. */
export function uptimeOfMachineMs(): number {
  return Number(readProc("uptime")?.split(" ")[0] ?? 0) * 1000;
}

/** Clock ticks of /proc (USER_HZ, 100 a second on every architecture that Linux has today) as milliseconds. */
export const msOfTicks = (ticks: number): number => ticks * 10;
