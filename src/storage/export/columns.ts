// What a row is exported as: its columns, in an order that is only ever added to.
import type { Row } from "../storage.ts";

export const columns = [
  "at",
  "service",
  "state",
  "health",
  "cpuPercent",
  "memoryBytes",
  "tasks",
  "restarts",
  "memorySource",
  "openFiles",
  "ioReadBytes",
  "ioWriteBytes",
  "cpuPressurePercent",
  "memoryPressurePercent",
  "ioPressurePercent",
  "latencyMs",
  "restarted",
  "elapsedMs",
  "samples",
  "cpuPercentMin",
  "cpuPercentMax",
  "memoryBytesMin",
  "memoryBytesMax",
  "latencyMsMin",
  "latencyMsMax",
  "cpuTimeMs",
] as const satisfies readonly ("at" | keyof Row)[];

export type ExportedRow = Record<(typeof columns)[number], string | number | null>;

export function exported(row: Row): ExportedRow {
  const one: Record<string, string | number | null> = {};
  for (const name of columns) one[name] = name === "at" ? new Date(row.atMs).toISOString() : shown(name, row[name]);
  return one as ExportedRow;
}

function shown(name: string, value: string | number | null): string | number | null {
  if (typeof value !== "number" || Number.isInteger(value)) return value;
  return name.includes("Bytes") ? Math.round(value) : significant(value);
}

/** Single precision ends after seven digits; what goes beyond is noise. Number#toPrecision takes five times as long. */
function significant(value: number): number {
  const places = 6 - Math.floor(Math.log10(Math.abs(value)));
  if (places <= 0) return Math.round(value);
  const scale = 10 ** Math.min(places, 15);
  return Math.round(value * scale) / scale;
}
