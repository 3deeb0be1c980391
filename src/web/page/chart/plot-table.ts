// The values of a chart as a table.
import { shownDialog } from "../base/dialog.ts";
import { button, elementOf } from "../base/dom.ts";
import { momentText, textOfValue } from "../base/words.ts";
import type { ChartTable, Plot } from "./series.ts";

/** Shows the values of a chart as a table, the newest first, for those who cannot see the lines. */
export function showPlotTable(plot: Plot, { times, columns }: ChartTable): void {
  const head = elementOf(
    "tr",
    {},
    elementOf("th", { scope: "col" }, "Time"),
    ...plot.lines.map(({ title }) => elementOf("th", { scope: "col" }, title)),
  );
  const rows = times.map((atS, row) => {
    const cells = plot.lines.map((_, i) => elementOf("td", {}, textOfValue(columns[i]?.[row] ?? null, plot.unit)));
    return elementOf("tr", {}, elementOf("th", { scope: "row" }, momentText(atS * 1000)), ...cells);
  });
  const table = elementOf("table", { class: "figures" }, elementOf("thead", {}, head), elementOf("tbody", {}, ...rows.reverse()));
  const close = button("Close", () => dialog.close(), { autofocus: true });
  const dialog = shownDialog(plot.title, [
    elementOf("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": plot.title }, table),
    elementOf("div", { class: "choices" }, close),
  ]);
}
