// What was appended last at each level and may not be in chunks yet. The samples are held in memory; of the coarser levels,
// which are asked for once a minute, only where they end.
import type { Database } from "bun:sqlite";
import { type Block, readBlock } from "../block.ts";
import { lastTickKey, seqOf, tickKey } from "./keys.ts";

/** Where a level ends. `upto` is the last entry of the level below that is in it. */
export type Head = { seq: number; atMs: number; upto: number };

/** All services of a moment. */
export type Entry = Head & { block: Block };

export type Recent = { raw: readonly Entry[]; heads: readonly (Head | null)[] };

export const nothing: Recent = { raw: [], heads: [] };

/** Goes on from what is known: reads only what came since, and drops what is there no more. */
export function loadRecent(db: Database, known: Recent, levels: number): Recent {
  const last = db.query<{ key: number; atMs: number; upto: number }, [number, number]>(
    "SELECT key, atMs, upto FROM tick WHERE key BETWEEN ?1 AND ?2 ORDER BY key DESC LIMIT 1",
  );
  const heads = Array.from({ length: levels }, (_, level) => {
    const row = last.get(tickKey(level, 0), lastTickKey(level));
    return row === null ? null : { seq: seqOf(row.key), atMs: row.atMs, upto: row.upto };
  });
  const first = db.query<{ key: number | null }, [number, number]>("SELECT min(key) AS key FROM tick WHERE key BETWEEN ?1 AND ?2");
  const oldest = seqOf(first.get(tickKey(0, 0), lastTickKey(0))?.key ?? 0);
  return { raw: [...known.raw.filter(({ seq }) => seq >= oldest), ...loadEntries(db, 0, known.raw.at(-1)?.seq ?? 0)], heads };
}

/** The oldest first. */
export function loadEntries(db: Database, level: number, afterSeq = 0): Entry[] {
  return db
    .query<{ key: number; atMs: number; upto: number; block: Uint8Array }, [number, number]>(
      "SELECT key, atMs, upto, block FROM tick WHERE key > ?1 AND key <= ?2 ORDER BY key",
    )
    .all(tickKey(level, afterSeq), lastTickKey(level))
    .map(({ key, atMs, upto, block }) => ({ seq: seqOf(key), atMs, upto, block: readBlock(block) }));
}
