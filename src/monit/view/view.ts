// The picture of a model. Pure.
import { isTooSmall, layoutOf, leastSize } from "../layout.ts";
import type { MonitModel } from "../model.ts";
import { Grid } from "../screen/grid.ts";
import { ink } from "../screen/ink.ts";
import { drawDetail } from "./detail.ts";
import { drawDialog } from "./dialogs.ts";
import { drawBanner, drawHost } from "./host-line.ts";
import { drawLog } from "./log-pane.ts";
import { drawTable } from "./table.ts";

export function view(model: MonitModel): Grid {
  const { size } = model;
  const grid = new Grid(size.columns, size.rows);
  if (isTooSmall(size)) {
    grid.put(0, 0, `needs ${leastSize.columns}x${leastSize.rows}, has ${size.columns}x${size.rows}`);
    return grid;
  }
  const { banner, table, detail, log, keys } = layoutOf(model);
  drawHost(grid, model);
  if (banner !== null) drawBanner(grid, banner, model);
  if (table !== null) drawTable(grid, table, model);
  if (detail !== null) drawDetail(grid, detail, model);
  if (detail !== null && table !== null && detail.x > 0)
    for (let y = detail.y; y < detail.y + detail.height; y++) grid.put(detail.x - 1, y, model.charset === "ascii" ? "|" : "│", ink.dim, 1);
  if (log !== null) drawLog(grid, log, model, model.view === "logs" || model.isMaximised);
  drawKeys(grid, keys, model);
  if (model.dialog !== null) drawDialog(grid, model.dialog, model);
  return model.charset === "ascii" ? grid.toAscii() : grid;
}

/** The last row: what the user types, what happens, what was said, or the keys. */
function drawKeys(grid: Grid, y: number, model: MonitModel): void {
  const { prompt, said, busy } = model;
  if (prompt !== null) {
    const lead = { filter: "/", search: "search ", only: "only " }[prompt.kind];
    const x = grid.put(1, y, `${lead}${prompt.text}_`, ink.bold, grid.columns - 2) + 3;
    grid.put(x, y, "Enter keeps, Esc clears", ink.dim);
  } else if (said !== null) {
    grid.put(1, y, said.text, said.isError ? ink.red | ink.bold : ink.bold, grid.columns - 1);
  } else if (busy.length > 0) {
    grid.put(1, y, busy.join(", "), ink.yellow, grid.columns - 1);
  } else if (!model.isStill) {
    grid.put(1, y, keysThatFit(model), ink.dim, grid.columns - 1);
  }
}

/** The most useful keys first; the last two are always there. */
function keysThatFit({ view: name, isReadOnly, size, moment }: MonitModel): string {
  const main = [
    ...(moment === null ? [] : ["0 now", "[ ] time"]),
    "Enter detail",
    "l logs",
    "w why",
    ...(isReadOnly || moment !== null ? [] : ["r restart", "s start/stop"]),
    "/ filter",
    ...(moment === null ? ["[ ] time"] : []),
    "Shift+letter sort",
    "+ - zoom",
    "Tab pane",
    "x menu",
    "o out",
  ];
  const logs = ["/ search", "n N next", "& only", "v level", "F follow", "W wrap", "t time", "o out", "y copy"];
  const fixed = ["? help", name === "logs" ? "q back" : "q quit"];
  const shown = name === "logs" ? logs : main;
  const length = (words: string[]) => [...words, ...fixed].join("  ").length;
  let count = shown.length;
  while (count > 0 && length(shown.slice(0, count)) > size.columns - 2) count--;
  return [...shown.slice(0, count), ...fixed].join("  ");
}
