// Reads /proc/PID: what the kernel reports of one process, null where it has ended or is not readable.
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

/** The names in a directory under /proc; empty where it is not readable. */
export function listProc(path: string): string[] {
  try {
    return readdirSync(`/proc/${path}`);
  } catch {
    return [];
  }
}

/**
 * The start time of a process in clock ticks since boot (field 22 of proc_pid_stat(5)): together with the pid it identifies one
 * process.
 */
export function startTimeOf(pid: number): string | null {
  const stat = readProc(`${pid}/stat`);
  // The command in parentheses may contain spaces and parentheses, so fields are counted after the last one.
  return stat?.slice(stat.lastIndexOf(")") + 2).split(" ")[19] ?? null;
}

/** A field of /proc/PID/status, for example `NoNewPrivs`. */
export function statusField(status: string, field: string): string | null {
  const match = new RegExp(`^${field}:\\s*(.*)$`, "m").exec(status);
  return match?.[1] ?? null;
}

/** A random id of the current boot: pids and start times of another boot are meaningless. */
export function bootId(): string {
  return readProc("sys/kernel/random/boot_id")?.trim() ?? "unknown";
}

/** When a process started, in milliseconds since the epoch, exact to a clock tick; null where it has ended. */
export function startedAtMs(pid: number, booted = bootedAtMs()): number | null {
  const ticks = startTimeOf(pid);
  return ticks === null || booted === null ? null : booted + msOfTicks(Number(ticks));
}

/** When this machine booted, in milliseconds since the epoch; read it once for many processes. */
export function bootedAtMs(): number | null {
  const uptimeMs = uptimeOfMachineMs();
  return uptimeMs === 0 ? null : Date.now() - uptimeMs;
}

/** The time since boot, including suspend; 0 where it is unknown. Setting the system time does not change it. */
export function uptimeOfMachineMs(): number {
  return Number(readProc("uptime")?.split(" ")[0] ?? 0) * 1000;
}

/** Converts clock ticks of /proc (USER_HZ, 100 per second on every current architecture) to milliseconds. */
export const msOfTicks = (ticks: number): number => ticks * 10;
