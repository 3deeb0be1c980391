// The search backwards in time: what it finds, and how it goes on after a search that had not enough time.
import { expect, test } from "bun:test";
import type { RawLine } from "../../src/logs/query.ts";
import { type ReadRange, searchBackwards } from "../../src/web/api/log-search.ts";

const lines = Array.from(
  { length: 500 },
  (_, i): RawLine => ({ atMs: 1000 + i * 60_000, service: "web", stream: null, priority: null, message: `${i}` }),
);
const nowMs = 1000 + 500 * 60_000;

function inRange({ sinceMs, untilMs, lines: most }: Parameters<ReadRange>[0]): RawLine[] {
  return lines.filter(({ atMs }) => atMs >= (sinceMs ?? 0) && atMs <= (untilMs ?? Number.POSITIVE_INFINITY)).slice(-most);
}

test.each([1, 7, 100, 500, 1000])("the last %d lines are found, whatever the pieces are", async (most) => {
  for (const firstMs of [1, 70_000, 10 ** 9])
    for (const sinceMs of [null, 100 * 60_000]) {
      const range = { lines: most, sinceMs, untilMs: null, nowMs };
      const spans = { firstMs, leastMs: 1, pieceMs: 10_000 };
      const { found, searchedFromMs } = await searchBackwards(range, async (piece) => inRange(piece), new AbortController().signal, spans);
      expect([found, searchedFromMs]).toEqual([inRange(range), null]);
    }
});

test("searches that have not enough time find every line once, one search after the other", async () => {
  const found: string[] = [];
  let untilMs: number | null = null;
  for (let searches = 0; searches < 200; searches++) {
    const ending = new AbortController();
    let reads = 0;
    // A piece of more than two hours takes too long, and so does everything after the fourth piece.
    const read: ReadRange = async (piece, signal) => {
      if (++reads > 4) ending.abort();
      const isLong = (piece.untilMs ?? nowMs) - (piece.sinceMs ?? 0) > 2 * 3_600_000;
      if (isLong && !signal.aborted) await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve()));
      return isLong ? inRange(piece).slice(0, 3) : inRange(piece);
    };
    const range = { lines: 1000, sinceMs: null, untilMs, nowMs };
    const outcome = await searchBackwards(range, read, ending.signal, { firstMs: 3_600_000, leastMs: 1000, pieceMs: 20 });
    found.unshift(...outcome.found.map(({ message }) => message));
    untilMs = outcome.searchedFromMs;
    if (untilMs === null) break;
  }
  expect(found).toEqual(lines.map(({ message }) => message));
}, 60_000);
