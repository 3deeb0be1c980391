// The delay before a service that ended is started again; the same on both backends.

export const longestDelayMs = 30_000;
/** A service that ran for longer ends the row: its next start is the first of a new row. */
export const rowSec = 60;

/** The position of the next start in its row. */
export function nextInRow(starts: number, ranSec: number): number {
  return starts > 0 && ranSec <= rowSec ? starts + 1 : 1;
}

/** The delay before the nth start in a row, in milliseconds. */
export function delayOf(n: number, delayMs: number): number {
  return n < 3 ? 0 : Math.min(longestDelayMs, delayMs * 2 ** (n - 3));
}
