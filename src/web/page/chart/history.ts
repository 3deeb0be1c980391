// Keeps the charts of one subject up to date: asks for the stored samples of the range, and again with each new point.
import { apiGetTimed, isLoggedOut, whyFailed } from "../base/api.ts";
import { type PageContext, whileSeen } from "../base/page.ts";
import type { Place } from "../base/place.ts";
import type { ChartGrid, GridFigures } from "./grid.ts";
import { rangeOf, stepFor } from "./ranges.ts";
import type { ChartMark, PlotPoint } from "./series.ts";

const slowestMs = 60_000;

export type ChartHistory = { refresh(): void; close(): void };

export function chartHistory(
  page: PageContext,
  subject: string,
  grid: ChartGrid,
  options: {
    place(): Place;
    limits(): GridFigures["limits"];
    marks(points: readonly PlotPoint[]): readonly ChartMark[];
    onProblem(text: string | null): void;
  },
): ChartHistory {
  let asked = 0;
  let isOver = false;
  const read = async () => {
    const own = ++asked;
    const range = rangeOf(options.place(), Date.now());
    const stepMs = stepFor(range);
    const iso = (atMs: number) => new Date(atMs).toISOString();
    try {
      const query = { service: subject, from: iso(range.fromMs), to: iso(range.toMs), step: stepMs / 1000 };
      const { answer, askedMs } = await apiGetTimed<{ points: PlotPoint[] }>("api/metrics/history", query);
      if (own !== asked) return;
      const { points } = answer;
      // The clock of the browser may be ahead, and then no sample would be new enough.
      const nowMs = range.isLive ? Math.min(range.toMs, askedMs ?? range.toMs) : null;
      grid.show({ points, stepMs, range, nowMs, limits: options.limits(), marks: options.marks(points) });
      options.onProblem(null);
    } catch (error) {
      if (isLoggedOut(error)) page.loggedOut();
      else if (own === asked) options.onProblem(`The charts cannot be read: ${whyFailed(error)}`);
    }
  };
  // The past does not change, so there it is enough to look whether the user came back.
  const everyMs = () => {
    const range = rangeOf(options.place(), Date.now());
    return range.isLive ? Math.min(slowestMs, stepFor(range)) : slowestMs;
  };
  let end = whileSeen(everyMs, read);
  return {
    refresh() {
      // The view reads other things too, and may be closed before their answers come.
      if (isOver) return;
      end();
      end = whileSeen(everyMs, read);
    },
    close() {
      isOver = true;
      asked++;
      end();
    },
  };
}
