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
] as const satisfies readonly ("at" | keyof Row)[];

export type ExportedRow = Record<(typeof columns)[number], string | number | null>;

/** Single precision ends after seven digits; what goes beyond is noise. */
const digits = 7;

export function exported(row: Row): ExportedRow {
  const { atMs } = row;
  const values: [string, string | number | null][] = columns.map((name) => [
    name,
    name === "at" ? new Date(atMs).toISOString() : round(name, row[name]),
  ]);
  return Object.fromEntries(values) as ExportedRow;
}

function round(name: string, value: string | number | null): string | number | null {
  if (typeof value !== "number") return value;
  return name.includes("Bytes") ? Math.round(value) : Number(value.toPrecision(digits));
}
