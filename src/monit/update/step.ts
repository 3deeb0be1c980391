// A result of `update`: the next model, and what it wants done.
import { type MonitEffect, sayForMs } from "../events.ts";
import type { MonitModel } from "../model.ts";

export type UpdateStep = { model: MonitModel; effects: MonitEffect[] };

export const stepTo = (model: MonitModel, ...effects: MonitEffect[]): UpdateStep => ({ model, effects });

/** Says a sentence in the last row. */
export function saying(model: MonitModel, text: string, isError = false): MonitModel {
  return { ...model, said: { text, isError, untilMs: model.nowMs + sayForMs } };
}
