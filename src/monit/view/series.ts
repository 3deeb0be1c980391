// The points of a chart, spread over its columns. Pure.
import type { ChartPoint } from "../model.ts";

export type ChartSpan = { fromMs: number; toMs: number };

/** The greatest value in each of `count` equal parts of the span; null where no point holds. */
export function valuesIn(
  points: readonly ChartPoint[],
  { fromMs, toMs }: ChartSpan,
  count: number,
  value: (point: ChartPoint) => number | null,
): (number | null)[] {
  const partMs = (toMs - fromMs) / count;
  const values: (number | null)[] = new Array(count).fill(null);
  for (const [i, point] of points.entries()) {
    const is = value(point);
    if (is === null) continue;
    const nextMs = points[i + 1]?.atMs ?? Number.POSITIVE_INFINITY;
    const endMs = Math.min(nextMs, point.atMs + point.holdMs);
    const first = Math.max(0, Math.floor((point.atMs - fromMs) / partMs));
    const last = Math.min(count - 1, Math.ceil((endMs - fromMs) / partMs) - 1);
    for (let at = first; at <= Math.max(first, last) && at < count; at++) if (endMs > fromMs) values[at] = Math.max(values[at] ?? 0, is);
  }
  return values;
}

/** The columns in which the service was restarted. */
export function restartsIn(points: readonly ChartPoint[], { fromMs, toMs }: ChartSpan, width: number): number[] {
  const columns = points
    .filter(({ restarted, atMs }) => restarted && atMs >= fromMs && atMs < toMs)
    .map(({ atMs }) => Math.floor(((atMs - fromMs) / (toMs - fromMs)) * width));
  return [...new Set(columns)];
}

/** A round number at least as great as every value: the top of a chart without a limit. */
export function roundTop(most: number): number {
  if (most <= 0) return 1;
  const unit = 10 ** Math.floor(Math.log10(most));
  return ([1, 2, 5, 10].find((factor) => factor * unit >= most) ?? 10) * unit;
}
