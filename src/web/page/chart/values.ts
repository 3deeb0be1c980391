// The values of a chart in figures: the least, the greatest, and the last. Pure.
import type { ChartTable } from "./series.ts";

export type Extent = { least: number; most: number } | null;

/** Null where no value is known. */
export function extentOf(values: readonly (number | null)[]): Extent {
  const known = values.filter((value) => value !== null);
  if (known.length === 0) return null;
  const among = (choose: (a: number, b: number) => number) => known.reduce((a, b) => choose(a, b));
  return { least: among((a, b) => Math.min(a, b)), most: among((a, b) => Math.max(a, b)) };
}

/** The last known value of a column. In a live chart it is null where a gap is between that value and now. */
export function lastOf({ times, columns, widestMs }: ChartTable, column: number, nowMs: number | null): number | null {
  const values = columns[column] ?? [];
  const at = values.findLastIndex((value) => value !== null);
  const isOld = nowMs !== null && nowMs - (times[at] ?? 0) * 1000 > widestMs;
  return isOld ? null : (values[at] ?? null);
}
