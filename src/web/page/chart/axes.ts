// The steps and labels of the axes of a chart. Pure.
import { clockText, dayText, type ValueUnit } from "../base/words.ts";
import type { ChartRange, Plot } from "./series.ts";

/** The indexes of the greatest and of the least values of a line among the series of uPlot. */
export function boundsOf({ lines }: Plot, line: number): [number, number] {
  const before = lines.slice(0, line).filter(({ least, most }) => least && most).length;
  const first = 1 + lines.length + 2 * before;
  return [first + 1, first];
}

export function stepText(stepMs: number): string {
  const seconds = Math.round(stepMs / 1000);
  if (seconds < 120) return `${seconds} s`;
  return seconds < 7200 ? `${Math.round(seconds / 60)} min` : `${Math.round(seconds / 3600)} h`;
}

/** Bytes are counted in powers of two, and things in whole numbers. */
export function incrementsOf(unit: ValueUnit): number[] {
  if (unit === "bytes" || unit === "bytesPerSecond") return Array.from({ length: 48 }, (_, i) => 2 ** i);
  const least = unit === "count" ? 0 : -3;
  return Array.from({ length: 12 - least }, (_, i) => i + least).flatMap((power) => [1, 2, 5].map((digit) => Number(`${digit}e${power}`)));
}

const dayMs = 86_400_000;

export function timeLabels(times: number[], { fromMs, toMs }: ChartRange): string[] {
  const spanMs = toMs - fromMs;
  return times.map((atS) => {
    const atMs = atS * 1000;
    if (spanMs > 2 * dayMs) return dayText(atMs).slice(5);
    return spanMs > 600_000 ? clockText(atMs).slice(0, 5) : clockText(atMs);
  });
}
