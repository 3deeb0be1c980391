// The keys of the full-screen log. Pure.
import { harmless } from "../../base/text.ts";
import { layoutOf } from "../layout.ts";
import { followed, hasText, linesIn, toLine, withLines } from "../log-lines.ts";
import { logRoom, scrolledBy } from "../log-rows.ts";
import { type LogState, leastLevels, type MonitModel } from "../model.ts";
import { acted, actionOf } from "./actions.ts";
import { saying, stepTo, type UpdateStep } from "./step.ts";

const minuteMs = 60_000;
/** The keys that show the lines of the last minutes; `6` shows all. */
const timeKeys: Record<string, number | null> = {
  1: minuteMs,
  2: 5 * minuteMs,
  3: 15 * minuteMs,
  4: 30 * minuteMs,
  5: 60 * minuteMs,
  6: null,
};

/** Null for a key that has no meaning here. */
export function logKey(model: MonitModel, key: string): UpdateStep | null {
  const { log } = model;
  const room = logRoom(layoutOf(model).log);
  const { height } = room;
  const moved = (next: LogState) => stepTo({ ...model, log: next });
  const by = (rows: number) => moved(scrolledBy(log, rows, room));
  const half = Math.floor(model.size.columns / 2);
  const lastsMs = timeKeys[key];
  if (lastsMs !== undefined) return moved({ ...followed(log), fromMs: lastsMs === null ? 0 : shownMs(model) - lastsMs });
  switch (key) {
    case "up":
    case "k":
      return by(-1);
    case "down":
    case "j":
      return by(1);
    case "pageup":
      return by(-height);
    case "pagedown":
    case "space":
      return by(height);
    case "C-u":
      return by(-Math.ceil(height / 2));
    case "C-d":
      return by(Math.ceil(height / 2));
    case "home":
    case "g":
      return moved({ ...log, isFollowing: false, top: 0, skip: 0 });
    case "end":
    case "G":
      return moved(followed(log));
    case "F":
      return moved(log.isFollowing ? scrolledBy(log, 0, room) : followed(log));
    case "v":
      return moved({ ...followed(log), least: (log.least + 1) % leastLevels.length });
    case "t":
      return moved({ ...log, hasTime: !log.hasTime });
    case "W":
      return moved({ ...log, isWrapped: !log.isWrapped, left: 0, skip: 0 });
    case "left":
      return moved({ ...log, left: Math.max(0, log.left - half) });
    case "right":
      return moved(log.isWrapped ? log : { ...log, left: Math.min(log.left + half, 4096) });
    case "m":
      return moved(withLines(log, [{ atMs: model.nowMs, level: "info", text: "-".repeat(40), isFromBs9: true }]));
    case "/":
      return stepTo({ ...model, prompt: { kind: "search", text: log.search } });
    case "&":
      return stepTo({ ...model, prompt: { kind: "only", text: log.only } });
    case "n":
      return found(model, 1);
    case "N":
      return found(model, -1);
    case "E":
      return error(model, 1);
    case "C-e":
      return error(model, -1);
    case "y":
      return copied(model);
    default: {
      const action = ["o", "Y", "r", "s", "w", "z", "a"].includes(key) ? actionOf(key) : null;
      return action === null ? null : acted(action, model);
    }
  }
}

/** The time at which the log ends. */
const shownMs = ({ moment, nowMs }: MonitModel): number => (moment === null ? nowMs : moment.atMs + moment.widthMs);

function found(model: MonitModel, direction: -1 | 1): UpdateStep {
  const { search } = model.log;
  if (search === "") return stepTo(saying(model, "nothing to search for yet: / takes the text"));
  const log = toLine(model.log, direction, (line) => hasText(line, search));
  return stepTo(log === null ? saying(model, `no ${direction === 1 ? "later" : "earlier"} line contains '${search}'`) : { ...model, log });
}

function error(model: MonitModel, direction: -1 | 1): UpdateStep {
  const log = toLine(model.log, direction, ({ level }) => level === "error" || level === "fatal");
  return stepTo(log === null ? saying(model, `no ${direction === 1 ? "later" : "earlier"} error`) : { ...model, log });
}

/** Copies the first line on the screen, or the last one while the log is followed. */
function copied(model: MonitModel): UpdateStep {
  const shown = linesIn(model.log);
  const line = model.log.isFollowing ? shown.at(-1) : shown[model.log.top];
  return line === undefined ? stepTo(model) : stepTo(saying(model, "copied the line"), { do: "copy", text: harmless(line.text) });
}
