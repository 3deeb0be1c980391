// The keys of the main screen. Pure.
import { chartRanges, type MonitModel, type Pane, type SortKey, usualRangeMs } from "../model.ts";
import { withRows } from "../rows.ts";
import { columnsFor } from "../view/columns.ts";
import { acted, actionOf } from "./actions.ts";
import { moveTo, pageRows, scrolled, selectedIndex } from "./move.ts";
import { saying, stepTo, type UpdateStep } from "./step.ts";
import { live, travelled } from "./time.ts";

const sortKeys: Record<string, SortKey> = {
  N: "name",
  S: "state",
  H: "health",
  C: "cpu",
  M: "memory",
  R: "restarts",
  U: "uptime",
  Q: "requests",
  E: "errors",
  L: "latency",
};

const moves: Record<string, (at: number, page: number, count: number) => number> = {
  up: (at) => at - 1,
  k: (at) => at - 1,
  down: (at) => at + 1,
  j: (at) => at + 1,
  pageup: (at, page) => at - page,
  pagedown: (at, page) => at + page,
  "C-u": (at, page) => at - Math.ceil(page / 2),
  "C-d": (at, page) => at + Math.ceil(page / 2),
  home: () => 0,
  g: () => 0,
  end: (_, __, count) => count - 1,
  G: (_, __, count) => count - 1,
};

/** Null for a key that has no meaning here. */
export function tableKey(model: MonitModel, key: string, atMs: number): UpdateStep | null {
  const move = moves[key];
  if (move !== undefined && !(key === "end" && model.moment !== null))
    return stepTo(moveTo(model, move(Math.max(0, selectedIndex(model)), pageRows(model), model.rows.length)));
  const sort = sortKeys[key];
  if (sort !== undefined) return stepTo(sortedBy(model, sort));
  const action = actionOf(key);
  if (action !== null) return acted(action, model);
  return paneKey(model, key) ?? timeKey(model, key, atMs) ?? viewKey(model, key);
}

export function sortedBy(model: MonitModel, key: SortKey): MonitModel {
  const isReversed = model.sort.key === key ? !model.sort.isReversed : false;
  return scrolled(withRows({ ...model, sort: { key, isReversed } }));
}

const panes: Pane[] = ["table", "detail", "log"];

function paneKey(model: MonitModel, key: string): UpdateStep | null {
  const { focus } = model;
  const next = (by: number) => panes[(panes.indexOf(focus) + by + panes.length) % panes.length] ?? "table";
  switch (key) {
    case "tab":
      return stepTo({ ...model, focus: next(1) });
    case "back-tab":
      return stepTo({ ...model, focus: next(-1) });
    case "f":
      return stepTo({ ...model, isMaximised: !model.isMaximised });
    case "enter":
    case "right":
      if (model.selected === null) return stepTo(model);
      if (focus !== "log") return stepTo({ ...model, focus: "detail", isMaximised: true });
      return tableKey(model, "l", 0);
    case "escape":
    case "left":
    case "h":
      if (model.isMaximised || focus !== "table") return stepTo({ ...model, isMaximised: false, focus: "table" });
      if (key === "escape" && model.filter !== "") return stepTo(scrolled(withRows({ ...model, filter: "" })));
      return stepTo(key === "escape" ? { ...live(model), marked: new Set() } : model);
    default:
      return null;
  }
}

function timeKey(model: MonitModel, key: string, atMs: number): UpdateStep | null {
  switch (key) {
    case "[":
      return travelled(model, -1, atMs);
    case "]":
      return travelled(model, 1, atMs);
    case "0":
    case "end":
      return stepTo(live(model));
    case "+":
      return stepTo(ranged(model, -1));
    case "-":
      return stepTo(ranged(model, 1));
    case "=":
      return stepTo({ ...model, rangeMs: usualRangeMs });
    case "Z":
      return model.frozen !== null || model.snapshot === null
        ? stepTo(live(model))
        : stepTo({ ...model, frozen: { snapshot: model.snapshot, atMs: model.nowMs } });
    default:
      return null;
  }
}

/** `+` makes the range of the charts shorter, `-` longer. */
function ranged(model: MonitModel, by: -1 | 1): MonitModel {
  const at = chartRanges.indexOf(model.rangeMs) + by;
  return { ...model, rangeMs: chartRanges[Math.max(0, Math.min(at, chartRanges.length - 1))] ?? usualRangeMs };
}

function viewKey(model: MonitModel, key: string): UpdateStep | null {
  switch (key) {
    case "/":
      return stepTo({ ...model, prompt: { kind: "filter", text: model.filter }, focus: "table", isMaximised: false });
    case "F":
      return stepTo(scrolled(withRows({ ...model, onlyUnwell: !model.onlyUnwell })));
    case "I":
      return stepTo(scrolled(withRows({ ...model, sort: { ...model.sort, isReversed: !model.sort.isReversed } })));
    case "<":
      return stepTo(neighbour(model, -1));
    case ">":
      return stepTo(neighbour(model, 1));
    case "space":
      return stepTo(marking(model));
    case "x":
    case ":":
      return stepTo({ ...model, dialog: { kind: "menu", typed: "", at: 0 } });
    case "T": {
      const isOn = !model.hasMouse;
      const words = isOn ? "mouse on: Shift and drag selects text" : "mouse off: the terminal selects text";
      return stepTo(saying({ ...model, hasMouse: isOn }, words), { do: "mouse", isOn });
    }
    default:
      return null;
  }
}

/** Sorts by the column at the left or right of the present one. */
function neighbour(model: MonitModel, by: -1 | 1): MonitModel {
  const keys = columnsFor(model, model.size.columns).map(({ key }) => key);
  const at = keys.indexOf(model.sort.key === "bad" ? "state" : model.sort.key) + by;
  const key = keys[Math.max(0, Math.min(at, keys.length - 1))] ?? "name";
  return key === model.sort.key ? model : sortedBy(model, key);
}

function marking(model: MonitModel): MonitModel {
  const { selected } = model;
  if (selected === null) return model;
  const marked = new Set(model.marked);
  if (!marked.delete(selected)) marked.add(selected);
  return moveTo({ ...model, marked }, selectedIndex(model) + 1);
}
