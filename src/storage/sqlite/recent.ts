// What was appended last, at each level: not yet all in chunks, and therefore held in memory by whoever reads or writes.
import type { Database } from "bun:sqlite";
import { type Block, readBlock } from "../block.ts";
import { lastTickKey, seqOf, tickKey } from "./keys.ts";

/** All services of a moment. `upto` is the last entry of the level below that is in it. */
export type Entry = { seq: number; atMs: number; upto: number; block: Block };

/** By level, the oldest first. */
export type Recent = readonly (readonly Entry[])[];

/** Goes on from what is known: reads only what came since, and drops what is there no more. */
export function loadRecent(db: Database, known: Recent): Recent {
  const select = db.query<{ key: number; atMs: number; upto: number; block: Uint8Array }, [number, number]>(
    "SELECT key, atMs, upto, block FROM tick WHERE key > ?1 AND key <= ?2 ORDER BY key",
  );
  const first = db.query<{ key: number | null }, [number, number]>("SELECT min(key) AS key FROM tick WHERE key BETWEEN ?1 AND ?2");
  return known.map((entries, level) => {
    const oldest = seqOf(first.get(tickKey(level, 0), lastTickKey(level))?.key ?? 0);
    const rows = select.all(tickKey(level, entries.at(-1)?.seq ?? 0), lastTickKey(level));
    const came = rows.map(({ key, atMs, upto, block }) => ({ seq: seqOf(key), atMs, upto, block: readBlock(block) }));
    return [...entries.filter(({ seq }) => seq >= oldest), ...came];
  });
}
