// What the mouse does: a click selects a row, sorts by a column or focuses a pane; the wheel moves what is under it. Pure.
import type { Input } from "../input/input.ts";
import { type Area, layoutOf } from "../layout.ts";
import { logRoom, scrolledBy } from "../log-rows.ts";
import type { MonitModel } from "../model.ts";
import { columnAt } from "../view/columns.ts";
import { moveTo, pageRows, scrolled, selectedIndex } from "./move.ts";
import { stepTo, type UpdateStep } from "./step.ts";
import { sortedBy } from "./table-keys.ts";

type Mouse = Extract<Input, { kind: "mouse" }>;
const wheelRows = 3;

export function mouseStep(model: MonitModel, mouse: Mouse): UpdateStep {
  if (!model.hasMouse || model.dialog !== null) return stepTo(model);
  const layout = layoutOf(model);
  const isIn = (area: Area | null): area is Area =>
    area !== null && mouse.x >= area.x && mouse.x < area.x + area.width && mouse.y >= area.y && mouse.y < area.y + area.height;
  const by = mouse.what === "wheel-up" ? -wheelRows : mouse.what === "wheel-down" ? wheelRows : 0;
  if (model.view === "logs") return stepTo(by === 0 ? model : { ...model, log: scrolledBy(model.log, by, logRoom(layout.log)) });
  if (isIn(layout.table)) {
    if (by !== 0) return stepTo(moveTo(model, Math.max(0, selectedIndex(model)) + by));
    return mouse.what === "press" ? stepTo(clicked(model, layout.table, mouse)) : stepTo(model);
  }
  if (mouse.what !== "press") return stepTo(model);
  if (isIn(layout.detail)) return stepTo({ ...model, focus: "detail" });
  return stepTo(isIn(layout.log) ? { ...model, focus: "log" } : model);
}

function clicked(model: MonitModel, table: Area, { x, y }: Mouse): MonitModel {
  const focused: MonitModel = { ...model, focus: "table" };
  if (y === table.y) {
    const key = columnAt(model, table, x);
    return key === null ? focused : sortedBy(focused, key);
  }
  const row = y - table.y - 1;
  return row >= pageRows(model) ? scrolled(focused) : moveTo(focused, model.top + row);
}
