// One chart: uPlot draws the lines, and this file adds the values under the cursor, the limit, the marks, the summary and the
// table of the same values.
import uPlot from "uplot";
import { button, elementOf, KeptText } from "../base/dom.ts";
import { momentText, textOfValue } from "../base/words.ts";
import { boundsOf, incrementsOf, stepText, timeLabels } from "./axes.ts";
import { drawMarks, paintOf } from "./painting.ts";
import { showPlotTable } from "./plot-table.ts";
import { type ChartMark, type ChartRange, type ChartTable, type Plot, type PlotPoint, tableOfPoints } from "./series.ts";
import { extentOf, lastOf } from "./values.ts";

export type ChartFigures = {
  points: readonly PlotPoint[];
  stepMs: number;
  range: ChartRange;
  /** The present time by the clock of the server; null where the chart does not show the present. */
  nowMs: number | null;
  limit: number | null;
  marks: readonly ChartMark[];
};

export type ChartOptions = {
  plot: Plot;
  /** Charts with the same word share one crosshair. */
  group: string;
  onZoom(range: ChartRange): void;
  onReset(): void;
};

const height = 150;
/** A drag shorter than this is a click. */
const leastZoomMs = 10_000;

export class Chart {
  readonly root: HTMLElement;
  readonly #options: ChartOptions;
  readonly #box = elementOf("div", { class: "plot", role: "img" });
  readonly #summary = new KeptText();
  readonly #values: KeptText[];
  readonly #empty = elementOf("p", { class: "none" });
  readonly #resized: ResizeObserver;
  #drawn: uPlot | null = null;
  #figures: ChartFigures | null = null;
  #table: ChartTable = { times: [], columns: [], widestMs: 0 };

  constructor(options: ChartOptions) {
    this.#options = options;
    const { plot } = options;
    this.#values = plot.lines.map(() => new KeptText());
    const legend = plot.lines.map(({ title, tone }, i) =>
      elementOf(
        "span",
        { class: `key tone-${tone}` },
        plot.lines.length === 1 ? null : elementOf("span", {}, title),
        elementOf("b", {}, this.#values[i]?.node ?? null),
      ),
    );
    const table = button("Table", () => showPlotTable(plot, this.#table), { class: "quiet", "aria-label": `${plot.title} as a table` });
    this.root = elementOf(
      "figure",
      { class: "chart" },
      elementOf("figcaption", {}, elementOf("h2", {}, plot.title), elementOf("span", { class: "keys" }, ...legend), table),
      this.#box,
      elementOf("p", { class: "summary" }, this.#summary.node),
    );
    this.#box.append(this.#empty);
    this.#resized = new ResizeObserver(() => this.#drawn?.setSize({ width: this.#box.clientWidth, height }));
    this.#resized.observe(this.#box);
  }

  show(figures: ChartFigures): void {
    const { plot } = this.#options;
    this.#figures = figures;
    this.#table = tableOfPoints(plot, figures.points, figures.stepMs);
    const hasValues = this.#table.columns.slice(0, plot.lines.length).some((column) => column.some((value) => value !== null));
    this.#empty.textContent = hasValues ? "" : plot.missing;
    this.#empty.hidden = hasValues;
    this.#sum();
    if (!hasValues) {
      this.#forget();
    } else if (this.#drawn === null) {
      this.#drawn = this.#draw();
    } else {
      this.#drawn.setData(this.#columns(), false);
      this.#drawn.setScale("x", { min: figures.range.fromMs / 1000, max: figures.range.toMs / 1000 });
    }
    this.#point(null);
  }

  /** Draws again in the colours of another theme. */
  repaint(): void {
    this.#forget();
    if (this.#figures !== null) this.show(this.#figures);
  }

  close(): void {
    this.#resized.disconnect();
    this.#forget();
  }

  #forget(): void {
    this.#drawn?.destroy();
    this.#drawn = null;
  }

  #columns(): uPlot.AlignedData {
    return [this.#table.times, ...this.#table.columns] as uPlot.AlignedData;
  }

  #draw(): uPlot {
    const { plot, group, onReset } = this.#options;
    const paint = paintOf(this.root);
    const grid = { stroke: paint.grid, width: 1 };
    const axis = { stroke: paint.text, font: paint.font, grid, ticks: { show: false } };
    const bounds = plot.lines.flatMap(({ tone, least, most }) => (least && most ? [tone, tone] : []));
    const drawn = new uPlot(
      {
        width: this.#box.clientWidth,
        height,
        padding: [8, 8, 0, 0],
        legend: { show: false },
        cursor: {
          sync: { key: group, scales: ["x", null] },
          drag: { x: true, y: false, setScale: false },
          points: { size: 7 },
          y: false,
        },
        scales: {
          x: { time: true, range: () => [this.#range().fromMs / 1000, this.#range().toMs / 1000] },
          y: { range: (_, __, most) => [0, Math.max(most ?? 0, plot.leastTop ?? 0, this.#shownLimit(most)) * 1.08 || 1] },
        },
        axes: [
          { ...axis, space: 70, size: 26, values: (_, times) => timeLabels(times, this.#range()) },
          {
            ...axis,
            size: 58,
            space: 34,
            incrs: incrementsOf(plot.unit),
            values: (_, values) => values.map((value) => textOfValue(value, plot.unit)),
          },
        ],
        series: [
          {},
          ...plot.lines.map(({ tone }, i) => ({
            stroke: paint.tones[tone],
            width: 1.5,
            fill: plot.lines.length === 1 || i === 0 ? paint.fills[tone] : "transparent",
            points: { show: false },
            spanGaps: false,
          })),
          ...bounds.map(() => ({ stroke: "transparent", width: 0, points: { show: false } })),
        ],
        bands: plot.lines.flatMap(({ tone, least, most }, i) =>
          least && most ? [{ series: boundsOf(plot, i), fill: paint.bands[tone] }] : [],
        ),
        hooks: {
          setCursor: [(chart) => this.#point(chart.cursor.idx ?? null)],
          setSelect: [(chart) => this.#zoom(chart)],
          draw: [(chart) => drawMarks(chart, paint, this.#figures?.limit ?? null, this.#figures?.marks ?? [])],
        },
      },
      this.#columns(),
      this.#box,
    );
    drawn.over.addEventListener("dblclick", onReset);
    return drawn;
  }

  #range(): ChartRange {
    return this.#figures?.range ?? { fromMs: 0, toMs: 1 };
  }

  /** A limit far above the values would press them flat, so it is drawn only where they come near. */
  #shownLimit(most: number | null): number {
    const limit = this.#figures?.limit ?? null;
    return limit !== null && most !== null && most > limit / 3 ? limit : 0;
  }

  #zoom(chart: uPlot): void {
    const { left, width } = chart.select;
    if (width === 0) return;
    const fromMs = Math.round(chart.posToVal(left, "x") * 1000);
    const toMs = Math.round(chart.posToVal(left + width, "x") * 1000);
    chart.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
    if (toMs - fromMs >= leastZoomMs) this.#options.onZoom({ fromMs, toMs });
  }

  /** Shows the values at an index, or the last ones. */
  #point(index: number | null): void {
    const { plot } = this.#options;
    for (const [i] of plot.lines.entries()) {
      const value = index === null ? lastOf(this.#table, i, this.#figures?.nowMs ?? null) : (this.#table.columns[i]?.[index] ?? null);
      this.#values[i]?.set(textOfValue(value, plot.unit));
    }
    if (index === null) this.#sum();
    else this.#summary.set(this.#momentAt(index));
  }

  #momentAt(index: number): string {
    const atMs = (this.#table.times[index] ?? 0) * 1000;
    const { marks, stepMs } = this.#figures ?? { marks: [], stepMs: 0 };
    const near = marks.filter(
      (mark) => Math.abs(mark.atMs - atMs) <= stepMs || (mark.toMs !== null && mark.atMs <= atMs && atMs <= mark.toMs),
    );
    return [momentText(atMs), ...near.slice(0, 2).map(({ text }) => text)].join(" · ");
  }

  #sum(): void {
    const { plot } = this.#options;
    const { stepMs, limit } = this.#figures ?? { stepMs: 0, limit: null };
    const extent = extentOf(this.#table.columns[0] ?? []);
    const parts =
      extent === null
        ? []
        : [
            `min ${textOfValue(extent.least, plot.unit)}`,
            `max ${textOfValue(extent.most, plot.unit)}`,
            ...(limit === null ? [] : [`limit ${textOfValue(limit, plot.unit)}`]),
            `${stepText(stepMs)} per point${stepMs > 10_000 && plot.lines.some(({ most }) => most !== undefined) ? ": mean, band from min to max" : ""}`,
          ];
    this.#summary.set(parts.join(" · "));
    this.#box.setAttribute("aria-label", `${plot.title}: ${parts.length === 0 ? plot.missing : parts.join(", ")}`);
  }
}
