// Moves the selection of the table, and keeps the selected row on the screen. Pure.
import { layoutOf, tableHeight } from "../layout.ts";
import type { MonitModel } from "../model.ts";

export function moveTo(model: MonitModel, index: number): MonitModel {
  const { rows } = model;
  if (rows.length === 0) return model;
  const at = Math.max(0, Math.min(index, rows.length - 1));
  return scrolled({ ...model, selected: rows[at]?.status.name ?? null });
}

export function selectedIndex({ rows, selected }: MonitModel): number {
  return rows.findIndex(({ status }) => status.name === selected);
}

export function pageRows(model: MonitModel): number {
  return Math.max(1, tableHeight(layoutOf(model), model.rows.length));
}

/** The model scrolled so far that the selected row is on the screen. */
export function scrolled(model: MonitModel): MonitModel {
  const height = pageRows(model);
  const at = Math.max(0, selectedIndex(model));
  const last = Math.max(0, model.rows.length - height);
  const top = Math.max(0, Math.min(model.top, at, last));
  const next = at >= top + height ? at - height + 1 : top;
  return next === model.top ? model : { ...model, top: next };
}
