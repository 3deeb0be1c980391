// Decides when a sample is due: a tick, which is stored, once per interval, and between two ticks samples for readers only, as
// often as the readers want them.
import type { WantedSamples } from "./collect/collect.ts";

/** The time between two turns of the loop. A turn is a tick, with samples to store, once per interval. */
export const turnMs = 1000;

export class SampleTimes {
  readonly #intervalMs: number;
  #tickMs: number;
  /** The time at which readers last got a sample. */
  #shownMs = Number.NEGATIVE_INFINITY;

  constructor(intervalMs: number, nowMs: number) {
    this.#intervalMs = intervalMs;
    this.#tickMs = nowMs;
  }

  /** The samples that a turn beginning now takes. `paceMs`: how often readers want samples; null where nobody reads. */
  dueAt(nowMs: number, paceMs: number | null): WantedSamples["kind"] {
    if (nowMs >= this.#tickMs) return "tick";
    // A turn may begin a little early or late, so a difference of up to half a turn is ignored.
    return paceMs !== null && nowMs - this.#shownMs > paceMs - turnMs / 2 ? "shown" : "none";
  }

  /** True if the tick that is due now should have begun more than one turn earlier. */
  isLate(nowMs: number): boolean {
    return nowMs - this.#tickMs > turnMs;
  }

  /** The next tick is the next multiple of the interval: ticks that were missed are not made up for. */
  ticked(nowMs: number): void {
    this.#tickMs += this.#intervalMs * (1 + Math.floor((nowMs - this.#tickMs) / this.#intervalMs));
  }

  shown(nowMs: number): void {
    this.#shownMs = nowMs;
  }
}
