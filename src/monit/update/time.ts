// Time travel: which stored step the keys [ and ] lead to. Pure.
import { formatAge } from "../../base/quantities.ts";
import type { MonitEvent } from "../events.ts";
import type { MonitModel } from "../model.ts";
import { saying, stepTo, type UpdateStep } from "./step.ts";

/** Presses within this time count as one long press, which becomes faster. */
const repeatMs = 400;
const speeds = [
  { from: 60, steps: 60 },
  { from: 25, steps: 12 },
  { from: 8, steps: 4 },
  { from: 0, steps: 1 },
];

/** The width of the step that is stored of a time: the older, the wider. */
export function stepAt(atMs: number, { nowMs, steps }: Pick<MonitModel, "nowMs" | "steps">): number {
  const ageMs = nowMs - atMs;
  return (steps.find(({ spanMs }) => ageMs < spanMs) ?? steps.at(-1))?.stepMs ?? 60_000;
}

/** The begin of the step that contains a time. */
export function stepBegin(atMs: number, widthMs: number): number {
  return Math.floor(atMs / widthMs) * widthMs;
}

export function travelled(model: MonitModel, direction: -1 | 1, atMs: number): UpdateStep {
  const { travel, moment, nowMs } = model;
  const presses = atMs - travel.pressedMs < repeatMs ? travel.presses + 1 : 0;
  const from = travel.wantedMs ?? moment?.atMs ?? null;
  if (from === null && direction === 1) return stepTo(saying(model, "this is now; [ goes back in time"));
  const fromMs = from ?? nowMs;
  const speed = speeds.find((one) => presses >= one.from)?.steps ?? 1;
  const width = stepAt(fromMs, model);
  const wantedMs = stepBegin(fromMs + direction * speed * width, width);
  if (direction === 1 && wantedMs + width > nowMs) return stepTo(live(model));
  return goTo({ ...model, travel: { wantedMs, pressedMs: atMs, presses } }, wantedMs, direction);
}

/** Where nothing is stored of that time, the nearest stored step in the direction is shown. */
export function goTo(model: MonitModel, wantedMs: number, direction: -1 | 0 | 1 = 0): UpdateStep {
  const begin = stepBegin(wantedMs, stepAt(wantedMs, model));
  return stepTo({ ...model, travel: { ...model.travel, wantedMs: begin } }, { do: "travel", atMs: begin, direction });
}

/** A moment has been read. `askedMs` is the time that was asked for. */
export function arrived(model: MonitModel, { askedMs, direction, moment }: Extract<MonitEvent, { kind: "moment" }>): MonitModel {
  // The user has gone on, or back to now, while it was read.
  if (model.travel.wantedMs !== askedMs) return model;
  if (moment === null) {
    if (direction === 1) return live(model);
    const travel = { ...model.travel, wantedMs: model.moment?.atMs ?? null };
    return saying({ ...model, travel }, direction === 0 ? "nothing is stored of that time" : "nothing older is stored", true);
  }
  const shown = { ...model, moment, travel: { ...model.travel, wantedMs: moment.atMs } };
  const gapMs = Math.abs(moment.atMs - askedMs);
  return gapMs < moment.widthMs ? shown : saying(shown, `nothing is stored of the ${formatAge(gapMs)} between`);
}

export function live(model: MonitModel): MonitModel {
  return { ...model, moment: null, frozen: null, travel: { wantedMs: null, pressedMs: 0, presses: 0 } };
}
