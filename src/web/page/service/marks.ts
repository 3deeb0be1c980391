// The marks of a service's charts: acts of users, ends of the service, and the time in which alerts fired.
import type { AlertNow } from "../../../alerting/evaluation/kept.ts";
import type { AlertEvent } from "../../../alerting/message.ts";
import type { TrailRecord } from "../../../trail/record.ts";
import { plural } from "../base/words.ts";
import type { ChartMark, PlotPoint } from "../chart/series.ts";

export function actMarks(records: readonly TrailRecord[]): ChartMark[] {
  const acts = new Set(["start", "restart", "stop"]);
  return records
    .filter(({ act }) => acts.has(act))
    .map(({ at, act, who }) => ({ atMs: Date.parse(at), toMs: null, kind: "act", text: `${act} by ${who.user}` }));
}

/** A restart is stored with the sample after it. */
export function restartMarks(points: readonly PlotPoint[]): ChartMark[] {
  const restarted = points.filter(({ restarted: count }) => (count ?? 0) > 0);
  return restarted.map(({ at, restarted: count }) => ({
    atMs: Date.parse(at),
    toMs: null,
    kind: "end",
    text: plural(count ?? 0, "restart"),
  }));
}

/** An alert that still fires reaches to the end of the chart. The history has one event where it began and one where it ended. */
export function alertMarks(subject: string, now: readonly AlertNow[], history: readonly AlertEvent[]): ChartMark[] {
  const spans = new Map<string, ChartMark>();
  for (const { id, subject: own, sinceMs, kind, atMs, sentence } of history) {
    if (own !== subject) continue;
    const mark: ChartMark = spans.get(id) ?? { atMs: sinceMs, toMs: null, kind: "alert", text: sentence };
    spans.set(id, kind === "resolved" ? { ...mark, toMs: atMs } : mark);
  }
  const firing = new Set(now.filter(({ state }) => state !== "pending").map(({ id }) => id));
  for (const [id, mark] of spans) if (mark.toMs === null && !firing.has(id)) spans.set(id, { ...mark, toMs: mark.atMs });
  for (const { id, subject: own, state, sinceMs, sentence } of now)
    if (own === subject && state !== "pending" && !spans.has(id))
      spans.set(id, { atMs: sinceMs, toMs: null, kind: "alert", text: sentence });
  return [...spans.values()];
}
