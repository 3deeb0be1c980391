// When a sample is due: a tick with each interval, and between two ticks samples for readers alone, at the pace of the readers.
import type { WantedSamples } from "./collect/collect.ts";

/** The pace of the loop; a tick comes once in so many turns. */
export const turnMs = 1000;

export class SampleTimes {
  readonly #intervalMs: number;
  #tickMs: number;
  /** When readers last got a sample. */
  #shownMs = Number.NEGATIVE_INFINITY;

  constructor(intervalMs: number, nowMs: number) {
    this.#intervalMs = intervalMs;
    this.#tickMs = nowMs;
  }

  /** The samples that a turn beginning now takes. `paceMs`: how often readers want samples; null where nobody reads. */
  dueAt(nowMs: number, paceMs: number | null): WantedSamples["kind"] {
    if (nowMs >= this.#tickMs) return "tick";
    // The loop comes a little early or late: half a turn makes no difference.
    return paceMs !== null && nowMs - this.#shownMs > paceMs - turnMs / 2 ? "shown" : "none";
  }

  /** True where the tick that is due now should have begun more than one turn earlier. */
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
