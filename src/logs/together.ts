// Reads several sources of lines as one: the last lines of all, a range in order of time, or new lines as they arrive.
import type { LogQuery, RawLine } from "./query.ts";

export type LogReader = (query: LogQuery, signal: AbortSignal) => AsyncIterable<RawLine>;

export async function* together(places: LogReader[], query: LogQuery, signal: AbortSignal): AsyncGenerator<RawLine> {
  const { lines } = query;
  const ending = new AbortController();
  const ends = AbortSignal.any([signal, ending.signal]);
  const open = (place: LogReader, asked: LogQuery) => place(asked, ends)[Symbol.asyncIterator]();
  try {
    if (query.follow) {
      const opened = await Promise.all(
        places.map((place) => {
          const past = Promise.withResolvers<null>();
          const source = open(place, { ...query, caughtUp: () => past.resolve(null) });
          // When a range is followed, a source does not report where its existing lines end and its new lines begin.
          return lines === null ? { source, known: [], next: source.next() } : known(source, past.promise);
        }),
      );
      const all = opened.flatMap((one) => one.known).sort((a, b) => a.atMs - b.atMs);
      if (lines !== null) {
        yield* all.slice(Math.max(0, all.length - lines));
        query.caughtUp?.();
      }
      yield* asTheyCome(opened);
    } else {
      const all = inOrder(places.map((place) => open(place, query)));
      yield* lines === null ? all : lastOf(all, lines);
    }
  } finally {
    ending.abort();
  }
}

type Source = AsyncIterator<RawLine>;
type Next = Promise<IteratorResult<RawLine>>;

/** Returns the lines that already exist, and the promise of the next line. */
async function known(source: Source, past: Promise<null>): Promise<{ source: Source; known: RawLine[]; next: Next }> {
  const found: RawLine[] = [];
  for (;;) {
    const next: Next = source.next();
    const came = await Promise.race([next, past]);
    if (came === null || came.done) return { source, known: found, next };
    found.push(came.value);
  }
}

/** Keeps only the last lines in memory. */
async function* lastOf(records: AsyncIterable<RawLine>, lines: number): AsyncGenerator<RawLine> {
  const kept: RawLine[] = [];
  for await (const record of records) {
    kept.push(record);
    if (kept.length > 2 * lines + 1000) kept.splice(0, kept.length - lines);
  }
  yield* kept.slice(Math.max(0, kept.length - lines));
}

async function* inOrder(sources: Source[]): AsyncGenerator<RawLine> {
  const heads = await Promise.all(sources.map(async (source) => ({ source, next: await source.next() })));
  for (;;) {
    let best: { source: Source; record: RawLine; at: number } | null = null;
    for (const [at, { source, next }] of heads.entries()) {
      if (!next.done && (best === null || next.value.atMs < best.record.atMs)) best = { source, record: next.value, at };
    }
    if (best === null) return;
    yield best.record;
    heads[best.at] = { source: best.source, next: await best.source.next() };
  }
}

async function* asTheyCome(opened: { source: Source; next: Next }[]): AsyncGenerator<RawLine> {
  const named = (source: Source, next: Next) => next.then((came) => ({ source, came }));
  const waiting = new Map(opened.map(({ source, next }) => [source, named(source, next)]));
  while (waiting.size > 0) {
    const { source, came } = await Promise.race(waiting.values());
    if (came.done) waiting.delete(source);
    else {
      waiting.set(source, named(source, source.next()));
      yield came.value;
    }
  }
}
