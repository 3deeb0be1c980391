// Work that several requests need at the same time is done once, and no request waits for ever.
import { Bs9Error } from "../base/errors.ts";

export type Fresh = { freshMs: number; staleMs: number };

/** `timeoutMs`: how long a caller waits. After `lostMs` the work is taken for lost, and begun again for the next caller. */
const usualLimits = { timeoutMs: 10_000, lostMs: 60_000 };

type Kept<T> = { get(): Promise<T>; forget(): void };

/**
 * Keeps the last result: a result younger than `freshMs` is returned as it is; up to `staleMs` it is returned too, and made
 * again for the next caller; an older one is waited for. Callers at the same time share one result. Throws where the result does
 * not come in time; `what` names it. `forget` makes the next caller wait for a new result.
 */
export function keptWork<T>(what: string, work: () => Promise<T>, { freshMs, staleMs }: Fresh, limits = usualLimits): Kept<T> {
  let kept: { value: T; madeMs: number } | null = null;
  let running: { result: Promise<T>; begunMs: number } | null = null;
  const make = (): Promise<T> => {
    const begunMs = performance.now();
    if (running !== null && begunMs - running.begunMs < limits.lostMs) return running.result;
    const result = work()
      .then((value) => {
        if (running === own) kept = { value, madeMs: begunMs };
        return value;
      })
      .finally(() => {
        if (running === own) running = null;
      });
    const own = { result, begunMs };
    running = own;
    return result;
  };
  return {
    async get() {
      const ageMs = kept === null ? Number.POSITIVE_INFINITY : performance.now() - kept.madeMs;
      if (kept === null || ageMs > staleMs) return inTime(make(), what, limits.timeoutMs);
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

/** Throws if the work takes longer than a client waits. `what` names its result in the error. */
export async function inTime<T>(work: Promise<T>, what: string, timeoutMs = usualLimits.timeoutMs): Promise<T> {
  const done = await within(
    work.then((value) => ({ value })),
    timeoutMs,
  );
  if (done === null) throw new Bs9Error("interrupted", `${what} could not be read within ${timeoutMs / 1000} s`);
  return done.value;
}

/** Null if the work takes longer. */
export async function within<T>(work: Promise<T>, limitMs: number): Promise<T | null> {
  let timer: Timer | undefined;
  const late = new Promise<null>((resolve) => {
    timer = setTimeout(resolve, limitMs, null);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
