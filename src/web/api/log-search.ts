// Searches log lines backwards in time, in pieces, so that a search that takes too long can go on where it was.
import type { RawLine } from "../../logs/query.ts";

/** Reads the last lines of a range. Stops with the signal; what it returns is then not all. */
export type ReadRange = (
  range: { lines: number; sinceMs: number | null; untilMs: number | null },
  signal: AbortSignal,
) => Promise<RawLine[]>;

/** `searchedFromMs`: the search had no time for lines up to this time; null where it is complete. */
export type SearchedLines = { found: RawLine[]; searchedFromMs: number | null };

const usualSpans = { firstMs: 3_600_000, leastMs: 1000, pieceMs: 2000 };

/**
 * Finds the last `lines` of the range. A piece of time that could not be read completely within `pieceMs` is read again in
 * smaller pieces: the lines of several services come one after the other, so half a piece says nothing about any time. The
 * smallest piece gets all the time that is left.
 */
export async function searchBackwards(
  { lines, sinceMs, untilMs, nowMs }: { lines: number; sinceMs: number | null; untilMs: number | null; nowMs: number },
  read: ReadRange,
  signal: AbortSignal,
  { firstMs, leastMs, pieceMs } = usualSpans,
): Promise<SearchedLines> {
  let found: RawLine[] = [];
  let span = firstMs;
  let untilNow = untilMs;
  for (;;) {
    const end = untilNow ?? nowMs;
    const begin = end - span;
    const isLast = begin <= (sinceMs ?? 0);
    const beganMs = performance.now();
    using limit = timeLimit(signal, span <= leastMs ? null : pieceMs);
    const piece = await read({ lines: lines - found.length, sinceMs: isLast ? sinceMs : begin, untilMs: untilNow }, limit.signal);
    if (signal.aborted) return { found, searchedFromMs: end };
    if (limit.signal.aborted) {
      span = Math.max(leastMs, Math.min(span, end - (sinceMs ?? 0)) / 8);
      continue;
    }
    found = [...piece, ...found];
    if (isLast || found.length >= lines) return { found, searchedFromMs: null };
    if (performance.now() - beganMs < pieceMs / 4) span *= 4;
    untilNow = begin - 1;
  }
}

/** A signal that is aborted with `outer`, and after `limitMs` (null: never). Disposing of it ends its timer. */
export function timeLimit(outer: AbortSignal, limitMs: number | null): { signal: AbortSignal } & Disposable {
  const own = new AbortController();
  const abort = () => own.abort();
  if (outer.aborted) abort();
  outer.addEventListener("abort", abort, { once: true });
  const timer = limitMs === null ? undefined : setTimeout(abort, limitMs);
  return {
    signal: own.signal,
    [Symbol.dispose]() {
      clearTimeout(timer);
      outer.removeEventListener("abort", abort);
    },
  };
}
