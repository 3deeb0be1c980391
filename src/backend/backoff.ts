// How long a service that ended waits before it is started again, the same on both backends.

export const longestDelayMs = 30_000;
/** A run that was longer ends the row: the next start is the first of another one. */
export const rowSec = 60;

/** Which start of a row the next one is. */
export function nextInRow(starts: number, ranSec: number): number {
  return starts > 0 && ranSec <= rowSec ? starts + 1 : 1;
}

/** The delay before the nth start of a run of starts, in milliseconds. */
export function delayOf(n: number, delayMs: number): number {
  return n < 3 ? 0 : Math.min(longestDelayMs, delayMs * 2 ** (n - 3));
}
