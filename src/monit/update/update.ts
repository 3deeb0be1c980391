// The next model after an event, and what has to be done. Pure.
import { after, emptySnapshot } from "../../status/events.ts";
import { type MonitEffect, type MonitEvent, sayForMs } from "../events.ts";
import { withLines } from "../log-lines.ts";
import { type ChartPoint, emptyLog, type MonitModel } from "../model.ts";
import { withRows } from "../rows.ts";
import { helpLines } from "../view/help.ts";
import { logKey } from "./log-keys.ts";
import { mouseStep } from "./mouse.ts";
import { scrolled } from "./move.ts";
import { saying, stepTo, type UpdateStep } from "./step.ts";
import { tableKey } from "./table-keys.ts";
import { arrived } from "./time.ts";
import { dialogKey, promptKey, promptText } from "./typed.ts";

/** Samples that came while monit runs; the history has the older ones. */
const maxLive = 600;

export function update(model: MonitModel, event: MonitEvent): UpdateStep {
  const { model: next, effects } = stepped(model, event);
  const shown = next.snapshot === model.snapshot && next.moment === model.moment && next.frozen === model.frozen ? next : withShown(next);
  const isOther = shown.selected !== model.selected || shown.moment !== model.moment;
  const ready = isOther ? anew(shown, model.selected !== shown.selected) : shown;
  return { model: ready, effects: [...effects, ...reading(model, ready)] };
}

/** The services on the screen have changed: they are sorted anew, and the screen keeps the selected one in sight. */
const withShown = (model: MonitModel): MonitModel => scrolled(withRows(model));

function stepped(model: MonitModel, event: MonitEvent): UpdateStep {
  switch (event.kind) {
    case "input":
      return input({ ...model, nowMs: Math.max(model.nowMs, event.atMs) }, event);
    case "size":
      return stepTo(scrolled({ ...model, size: event.size }));
    case "services":
      return stepTo(heard(model, event));
    case "reasons":
      return stepTo(withShown({ ...model, reasons: event.reasons }));
    case "tick": {
      const said = model.said !== null && model.said.untilMs <= event.nowMs ? null : model.said;
      return stepTo({ ...model, nowMs: event.nowMs, said });
    }
    case "history":
      if (event.name !== model.selected) return stepTo(model);
      return stepTo({ ...model, chart: { name: event.name, points: joined(event.points, model.chart), readMs: event.readMs } });
    case "log": {
      if (event.name !== model.log.name) return stepTo(model);
      const log = withLines(model.log, event.lines);
      return stepTo({ ...model, log: { ...log, isRead: log.isRead || event.isRead, trouble: event.trouble } });
    }
    case "past":
      return stepTo(event.name === model.selected ? { ...model, events: { name: event.name, list: event.list } } : model);
    case "moment":
      return stepTo(arrived(model, event));
    case "words":
      return stepTo({ ...model, dialog: { kind: "text", title: event.title, lines: event.lines, top: 0 } });
    case "busy":
      return stepTo({ ...model, busy: event.acts });
    case "said":
      return stepTo({
        ...model,
        said: { text: event.text, isError: event.isError, untilMs: model.nowMs + (event.isError ? 3 : 1) * sayForMs },
      });
  }
}

function input(model: MonitModel, { input: given, atMs }: Extract<MonitEvent, { kind: "input" }>): UpdateStep {
  if (given.kind === "mouse") return mouseStep(model, given);
  if (given.kind === "paste") {
    const text = given.text.replaceAll(/\s+/g, " ");
    return model.prompt === null ? stepTo(model) : promptText(model, { ...model.prompt, text: model.prompt.text + text });
  }
  const { key } = given;
  if (key === "C-z") return stepTo(model, { do: "suspend" });
  if (key === "C-l") return stepTo(model, { do: "repaint" });
  if (model.prompt !== null) return promptKey(model, model.prompt, key);
  if (model.dialog !== null) return dialogKey(model, model.dialog, key);
  if (key === "?" || key === "f1") return stepTo({ ...model, dialog: { kind: "text", title: "keys", lines: helpLines(model), top: 0 } });
  if (key === "q" || key === "C-c" || key === "f10") return back(model);
  if (model.view === "logs" && (key === "escape" || key === "h")) return back(model);
  return (model.view === "logs" ? logKey(model, key) : tableKey(model, key, atMs)) ?? unknown(model, key);
}

/** Ends monit from the top, and goes one view back from below. */
function back(model: MonitModel): UpdateStep {
  if (model.view === "logs") return stepTo(scrolled({ ...model, view: "main", log: { ...model.log, isFollowing: true, unseen: 0 } }));
  if (model.isMaximised) return stepTo(scrolled({ ...model, isMaximised: false, focus: "table" }));
  return stepTo(model, { do: "quit" });
}

function unknown(model: MonitModel, key: string): UpdateStep {
  return stepTo([...key].length === 1 ? saying(model, `the key ${key} does nothing here; ? shows the keys`) : model);
}

function heard(model: MonitModel, { event }: Extract<MonitEvent, { kind: "services" }>): MonitModel {
  const snapshot = after(model.snapshot ?? emptySnapshot, event);
  const { selected, chart } = model;
  if (event.kind !== "sample" || selected === null || chart.name !== selected) return { ...model, snapshot };
  const figures = event.figures.find(({ name }) => name === selected);
  if (figures === undefined) return { ...model, snapshot };
  const point: ChartPoint = {
    atMs: event.atMs,
    holdMs: 2.5 * model.refreshMs,
    cpuPercent: figures.cpuPercent,
    memoryBytes: figures.memoryBytes,
    restarted: false,
  };
  return { ...model, snapshot, chart: { ...chart, points: [...chart.points, point].slice(-2 * maxLive) } };
}

/** Stored points, and the live ones that are newer. */
function joined(stored: ChartPoint[], { points }: MonitModel["chart"]): ChartPoint[] {
  const lastMs = stored.at(-1)?.atMs ?? 0;
  return [...stored, ...points.filter(({ atMs }) => atMs > lastMs).slice(-maxLive)];
}

/** What has to be read because the selection, the moment or the range of the charts has changed. */
function reading(before: MonitModel, now: MonitModel): MonitEffect[] {
  const { selected, moment } = now;
  const untilMs = moment === null ? null : moment.atMs + moment.widthMs;
  const isOther = selected !== before.selected || moment !== before.moment;
  const isDue = now.nowMs - now.chart.readMs > Math.max(10_000, now.rangeMs / 60) && moment === null && now.nowMs !== before.nowMs;
  const isHistory = selected !== null && (isOther || now.rangeMs !== before.rangeMs || isDue);
  return [
    ...(isOther ? [{ do: "follow", name: selected, untilMs } as const] : []),
    ...(isHistory ? [{ do: "history", name: selected, toMs: untilMs ?? now.nowMs, rangeMs: now.rangeMs } as const] : []),
  ];
}

/** Another service or another moment is shown: its log, events and charts begin anew. */
function anew(model: MonitModel, isOtherService: boolean): MonitModel {
  const { hasTime, isWrapped, least } = model.log;
  return {
    ...model,
    log: { ...emptyLog, name: model.selected, hasTime, isWrapped, least },
    events: { name: model.selected, list: [] },
    chart: isOtherService ? { name: model.selected, points: [], readMs: model.nowMs } : model.chart,
  };
}
