// Rows on their way to an export: counted at the first pass, with a moment for signals in between.
import { setImmediate } from "node:timers/promises";
import { interruptedBy } from "../base/interrupt.ts";
import type { Row } from "../storage/storage.ts";

export type Rows = () => AsyncIterable<Row>;

export type Tally = { rows: number; services: Set<string> };

/** Reading a database waits for nothing by itself: without a pause no Ctrl-C would be heard. */
const rowsBetweenPauses = 500;
/** Left alone, the heap grows by half as much again before it is collected. */
const pausesBetweenCollections = 40;

export function tallied(rows: Rows, tally: Tally, signal: AbortSignal): Rows {
  let passes = 0;
  let read = 0;
  return async function* () {
    const isFirst = passes++ === 0;
    interruptedBy(signal);
    for await (const row of rows()) {
      if (isFirst) {
        tally.rows++;
        tally.services.add(row.service);
      }
      yield row;
      if (++read % rowsBetweenPauses !== 0) continue;
      await setImmediate();
      interruptedBy(signal);
      if (read % (rowsBetweenPauses * pausesBetweenCollections) === 0) Bun.gc(true);
    }
  };
}
