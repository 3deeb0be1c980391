// How long a service that ended waits before it is started again, the same on both backends.

export const longestDelayMs = 30_000;

/** The delay before the nth start of a run of starts, in milliseconds. */
export function delayOf(n: number, delayMs: number): number {
  return n < 3 ? 0 : Math.min(longestDelayMs, delayMs * 2 ** (n - 3));
}
