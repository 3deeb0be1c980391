// Gathers the points of one service from the rows of all services into a chunk, so that one service is read without the others.
import type { Database } from "bun:sqlite";
import { kindOf, type SubjectKind } from "../../metrics/subject.ts";
import { type Block, copyRow, makeBlock, resized, rowOf } from "../block.ts";
import { layoutOn } from "../columns.ts";
import { pageBytes } from "./database.ts";
import type { TickEntry } from "./recent.ts";
import { chunkKey, lastChunkKey, type Names, seqOf } from "./schema.ts";

/**
 * The number of points in a chunk, chosen so that SQLite stores the last 4092 bytes of the chunk in a page of their own and the
 * few bytes before them in the tree (sqlite.org/fileformat2.html#b_tree_pages): adding a chunk then moves no other chunk.
 */
export function depthOf(kind: SubjectKind, level: number): number {
  const inTree = Math.floor(((pageBytes - 12) * 32) / 255) - 23;
  return Math.floor((inTree + pageBytes - 4 - recordBytes) / layoutOn(kind, level).rowBytes);
}

/** Bytes for the header of the record, for `minMs` and `maxMs`, and for the header of the block. */
const recordBytes = 40;

/**
 * `seq` is the number of the newest entry. It decides for which of the services chunks are written now, so that no tick writes
 * chunks for all of them.
 */
export function writeChunks(db: Database, names: Names, kind: SubjectKind, level: number, entries: Iterable<TickEntry>, seq: number): void {
  const depth = depthOf(kind, level);
  const latest = latestChunk(db);
  const due = new Map<number, number>();
  for (const [id, name] of names.nameOf) if (id % depth === seq % depth && kindOf(name) === kind) due.set(id, latest(level, id));
  const insert = db.query("INSERT INTO chunk (key, minMs, maxMs, block) VALUES (?1, ?2, ?3, ?4)");
  for (const [id, { keys, bytes }] of chunksOf(entries, kind, level, due))
    insert.run(chunkKey(level, id, seq), Math.min(...keys), Math.max(...keys), bytes);
}

/** For each service its points behind the given entry. Entries are large, so only one is in memory at a time. */
export function chunksOf(
  entries: Iterable<TickEntry>,
  kind: SubjectKind,
  level: number,
  after: ReadonlyMap<number, number>,
): Map<number, Block> {
  const chunks = new Map<number, { block: Block; length: number }>();
  for (const { seq, atMs, block } of entries) {
    for (const [id, afterSeq] of after) {
      const row = seq > afterSeq ? rowOf(block, id) : -1;
      if (row === -1) continue;
      const chunk = chunks.get(id) ?? { block: makeBlock(layoutOn(kind, level), depthOf(kind, level)), length: 0 };
      // There can be more entries than fit into a chunk, as long as the next coarser level has not combined them.
      if (chunk.length === chunk.block.length) chunk.block = resized(chunk.block, 2 * chunk.length);
      copyRow(block, row, chunk.block, chunk.length++, atMs);
      chunks.set(id, chunk);
    }
  }
  return new Map([...chunks].map(([id, { block, length }]) => [id, resized(block, length)]));
}

/** The `seq` of the last entry that is in a chunk of the service; 0 if the service has no chunk. */
export function latestChunk(db: Database): (level: number, id: number) => number {
  const select = db.query<{ key: number | null }, [number, number]>("SELECT max(key) AS key FROM chunk WHERE key BETWEEN ?1 AND ?2");
  return (level, id) => seqOf(select.get(chunkKey(level, id, 0), lastChunkKey(level, id))?.key ?? 0);
}
