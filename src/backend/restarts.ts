// The rule of restarts, the same on both backends: how many starts in a row are allowed, and the delay before each.

export const longestDelayMs = 30_000;
/** A service that ran for longer ends the row: its next start is the first of a new row. */
export const rowSec = 60;

/** The position of the next start in its row of starts that quickly follow each other. */
export function nextInRow(starts: number, ranSec: number): number {
  return starts > 0 && ranSec <= rowSec ? starts + 1 : 1;
}

/** The number of starts in a row that --max-restarts allows: the restarts and the start before them. Null: any number. */
export function mostInRow(maxRestarts: number | null): number | null {
  return maxRestarts === null ? null : maxRestarts + 1;
}

/** True if the nth start in a row is allowed; after a refused start the service is given up. */
export function isStartAllowed(n: number, maxRestarts: number | null): boolean {
  const most = mostInRow(maxRestarts);
  return most === null || n <= most;
}

/** The delay before the nth start in a row, in milliseconds. */
export function delayOf(n: number, delayMs: number): number {
  return n < 3 ? 0 : Math.min(longestDelayMs, delayMs * 2 ** (n - 3));
}
