// Counts the rows of an export as they pass, and pauses between them so that signals are handled.
import { setImmediate } from "node:timers/promises";
import { interruptedBy } from "../base/interrupt.ts";
import type { StorageRow } from "../storage/storage.ts";

/** The counts of the rows so far. The times are those of the first and the last sample; null while there is none. */
export type Tally = { rows: number; services: Set<string>; fromMs: number | null; toMs: number | null };

export function countRow(tally: Tally, service: string, atMs: number): void {
  tally.rows++;
  tally.services.add(service);
  tally.fromMs = Math.min(tally.fromMs ?? atMs, atMs);
  tally.toMs = Math.max(tally.toMs ?? atMs, atMs);
}

const rowsBetweenPauses = 500;

export async function* tallied(rows: AsyncIterable<StorageRow>, tally: Tally, signal: AbortSignal): AsyncIterable<StorageRow> {
  interruptedBy(signal);
  const pause = pausing(signal);
  for await (const row of rows) {
    countRow(tally, row.service, row.atMs);
    yield row;
    if (tally.rows % rowsBetweenPauses === 0) await pause();
  }
}

/** Passes the text of an export on, and pauses in the same way. */
export async function* unhurried(pieces: AsyncIterable<string>, signal: AbortSignal): AsyncIterable<string> {
  const pause = pausing(signal);
  for await (const piece of pieces) {
    yield piece;
    await pause();
  }
}

/** Without forced collections the heap grows to one and a half times its size before Bun collects it. */
const pausesBetweenCollections = 40;

/** Reading the database does not yield to the event loop, so without pauses Ctrl-C would have no effect. */
function pausing(signal: AbortSignal): () => Promise<void> {
  let pauses = 0;
  return async () => {
    await setImmediate();
    interruptedBy(signal);
    if (++pauses % pausesBetweenCollections === 0) Bun.gc(true);
  };
}
