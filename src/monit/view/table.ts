// Draws the table of services. Pure.
import { type Area, layoutOf, tableHeight } from "../layout.ts";
import type { MonitModel } from "../model.ts";
import type { Grid } from "../screen/grid.ts";
import { ink } from "../screen/ink.ts";
import { columnsFor, placesOf, shortName, signOf, stateLook } from "./columns.ts";

export function drawTable(grid: Grid, area: Area, model: MonitModel): void {
  const { rows, top, selected, marked, charset } = model;
  const places = placesOf(columnsFor(model, area.width), area.x);
  drawHeader(grid, area, model, places);
  if (rows.length === 0) {
    grid.put(area.x + 2, area.y + 1, whyEmpty(model), ink.plain, area.width - 2);
    return;
  }
  const height = tableHeight(layoutOf(model), rows.length);
  for (const [i, { status }] of rows.slice(top, top + height).entries()) {
    const y = area.y + 1 + i;
    const isSelected = status.name === selected;
    if (marked.has(status.name)) grid.put(area.x + 1, y, "*", ink.cyan | ink.bold);
    grid.put(area.x + 2, y, signOf(status.state, charset), stateLook(status.state));
    for (const { column, x } of places) {
      const { text, look } = column.cell(status, charset);
      if (column.key === "name") grid.put(x, y, shortName(text, column.width), look, column.width);
      else if (column.isRight) grid.putRight(x, y, text, look, column.width);
      else grid.put(x, y, text, look, column.width);
    }
    if (isSelected) {
      grid.put(area.x, y, ">", ink.bold);
      grid.tint(area.x, y, area.width, ink.reverse);
    }
  }
  const [above, below] = [top, rows.length - top - height];
  if (above + below > 0 && area.height > height + 1) {
    const words = [above > 0 ? `${above} above` : "", below > 0 ? `${below} below` : ""].filter(Boolean).join(", ");
    grid.put(area.x + 4, area.y + 1 + height, `… ${words}`, ink.dim, area.width - 4);
  }
}

function drawHeader(grid: Grid, area: Area, { sort, charset }: MonitModel, places: ReturnType<typeof placesOf>): void {
  const [down, up] = charset === "ascii" ? ["v", "^"] : ["▼", "▲"];
  for (const { column, x } of places) {
    const { title, width, isRight, letter } = column;
    const isSorted = sort.key === column.key;
    const mark = isSorted ? (sort.isReversed ? up : down) : "";
    const text = isRight ? `${mark}${title}` : `${title}${isSorted ? ` ${mark}` : ""}`;
    const at = isRight ? x + Math.max(0, width - text.length) : x;
    grid.put(at, area.y, text, isSorted ? ink.bold : ink.dim, Math.max(width, text.length));
    const letterAt = title.indexOf(letter);
    if (letter !== "" && letterAt !== -1)
      grid.tint(at + (isRight ? mark.length : 0) + letterAt, area.y, 1, ink.underline | (isSorted ? ink.bold : ink.dim));
  }
}

function whyEmpty({ filter, onlyUnwell, snapshot, moment }: MonitModel): string {
  if (filter !== "") return `no service matches "${filter}": Esc clears the filter`;
  if (onlyUnwell && (moment?.services ?? snapshot?.services ?? []).length > 0) return "every service is well: F shows all services";
  if (moment !== null) return "no service is stored at this time";
  return snapshot === null ? "reading the services" : "No services yet. Start one: bs9 start app.ts";
}
