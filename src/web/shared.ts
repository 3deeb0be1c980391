// Work that several requests need at the same time is done once.

export type Fresh = { freshMs: number; staleMs: number };

/**
 * Keeps the last result: a result younger than `freshMs` is returned as it is; up to `staleMs` it is returned too, and made
 * again for the next caller; an older one is waited for. Callers at the same time share one result. `forget` makes the next
 * caller wait for a new result.
 */
export function keptWork<T>(work: () => Promise<T>, { freshMs, staleMs }: Fresh): { get(): Promise<T>; forget(): void } {
  let kept: { value: T; madeMs: number } | null = null;
  let running: Promise<T> | null = null;
  const make = () => {
    if (running !== null) return running;
    const madeMs = performance.now();
    const own = work()
      .then((value) => {
        if (running === own) kept = { value, madeMs };
        return value;
      })
      .finally(() => {
        if (running === own) running = null;
      });
    running = own;
    return own;
  };
  return {
    async get() {
      const ageMs = kept === null ? Number.POSITIVE_INFINITY : performance.now() - kept.madeMs;
      if (kept === null || ageMs > staleMs) return make();
      // A failure is reported to the next caller that finds no result young enough.
      if (ageMs > freshMs) void make().catch(() => {});
      return kept.value;
    },
    forget() {
      running = null;
      kept = null;
    },
  };
}

/** Null if the work takes longer. */
export async function within<T>(work: Promise<T>, timeoutMs: number): Promise<T | null> {
  let timer: Timer | undefined;
  const late = new Promise<null>((resolve) => {
    timer = setTimeout(resolve, timeoutMs, null);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
