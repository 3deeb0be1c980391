// Describes in three lines how much size, start time and memory `start --build` saved. A figure that could not be measured is
// reported as not measured.
import { formatBytes, formatSpan } from "../base/quantities.ts";
import type { Gain } from "../lifecycle/gain.ts";

export function gainLines({ files, bytes, startMs, memoryBytes }: Gain): string[] {
  return [
    `  bytes   ${formatBytes(bytes.before)} in ${files} ${files === 1 ? "file" : "files"} -> ${formatBytes(bytes.after)}`,
    `  start   ${pair(startMs, formatSpan) ?? "not measured: that needs --port or --health"}`,
    `  memory  ${pair(memoryBytes, formatBytes) ?? "not measured"}`,
  ];
}

function pair({ before, after }: { before: number | null; after: number | null }, format: (value: number) => string): string | null {
  return before === null || after === null ? null : `${format(before)} -> ${format(after)}`;
}
