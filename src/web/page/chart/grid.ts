// The charts of one subject, which share one range and one crosshair.
import { elementOf } from "../base/dom.ts";
import { Chart, type ChartFigures } from "./chart.ts";
import type { ChartRange, Plot } from "./series.ts";

export type GridOptions = { plots: readonly Plot[]; group: string; onZoom(range: ChartRange): void; onReset(): void };
export type GridFigures = Omit<ChartFigures, "limit"> & { limits: Partial<Record<string, number | null>> };

export class ChartGrid {
  readonly root = elementOf("div", { class: "charts" });
  readonly #charts: { plot: Plot; chart: Chart }[];
  readonly #themed = () => this.repaint();
  readonly #scheme = matchMedia("(prefers-color-scheme: dark)");

  constructor({ plots, ...rest }: GridOptions) {
    this.#charts = plots.map((plot) => ({ plot, chart: new Chart({ plot, ...rest }) }));
    this.root.append(...this.#charts.map(({ chart }) => chart.root));
    this.#scheme.addEventListener("change", this.#themed);
    document.addEventListener("themechange", this.#themed);
  }

  show({ limits, ...figures }: GridFigures): void {
    for (const { plot, chart } of this.#charts) chart.show({ ...figures, limit: limits[plot.id] ?? null });
  }

  repaint(): void {
    for (const { chart } of this.#charts) chart.repaint();
  }

  close(): void {
    this.#scheme.removeEventListener("change", this.#themed);
    document.removeEventListener("themechange", this.#themed);
    for (const { chart } of this.#charts) chart.close();
  }
}
