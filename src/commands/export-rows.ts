// Rows on their way to an export: counted, with a moment for signals in between.
import { setImmediate } from "node:timers/promises";
import { interruptedBy } from "../base/interrupt.ts";
import type { StorageRow } from "../storage/storage.ts";

/** What has gone by so far. The times are those of the first and the last sample, null where there was none. */
export type Tally = { rows: number; services: Set<string>; fromMs: number | null; toMs: number | null };

const rowsBetweenPauses = 500;

export async function* tallied(rows: AsyncIterable<StorageRow>, tally: Tally, signal: AbortSignal): AsyncIterable<StorageRow> {
  interruptedBy(signal);
  const pause = pausing(signal);
  for await (const row of rows) {
    tally.rows++;
    tally.services.add(row.service);
    tally.fromMs = Math.min(tally.fromMs ?? row.atMs, row.atMs);
    tally.toMs = Math.max(tally.toMs ?? row.atMs, row.atMs);
    yield row;
    if (tally.rows % rowsBetweenPauses === 0) await pause();
  }
}

/** The same for the text that is made of them. */
export async function* unhurried(pieces: AsyncIterable<string>, signal: AbortSignal): AsyncIterable<string> {
  const pause = pausing(signal);
  for await (const piece of pieces) {
    yield piece;
    await pause();
  }
}

/** Left alone, the heap grows by half as much again before it is collected. */
const pausesBetweenCollections = 40;

/** Reading a file waits for nothing by itself: without a pause no Ctrl-C would be heard. */
function pausing(signal: AbortSignal): () => Promise<void> {
  let pauses = 0;
  return async () => {
    await setImmediate();
    interruptedBy(signal);
    if (++pauses % pausesBetweenCollections === 0) Bun.gc(true);
  };
}
