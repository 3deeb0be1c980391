// The latest entries of each level, some of which are not in chunks yet. The writing process keeps those of level 0 in memory,
// and only the last head of each coarser level, because those are needed once a minute at most.
import type { Database } from "bun:sqlite";
import type { SubjectKind } from "../../metrics/subject.ts";
import { type Block, readBlock } from "../block.ts";
import { lastTickKey, seqOf, tickKey } from "./schema.ts";

/** `upto` is the `seq` of the last entry of the next finer level that is folded into this one. */
export type Head = { seq: number; atMs: number; upto: number };

/** All services at one moment, or the host. */
export type TickEntry = Head & { block: Block };

/** The newest entry of each level without its block, the finest level first. */
export type Heads = readonly (Head | null)[];

export type Recent = { raw: readonly TickEntry[]; heads: Heads };
/** Services and the host are stored in separate entries, because they have different columns. */
export type Recents = Record<SubjectKind, Recent>;

export function loadRecents(db: Database, levels: number): Recents {
  const recent = (kind: SubjectKind): Recent => ({ raw: [...loadEntries(db, kind, 0)], heads: lastHeads(db, kind, levels) });
  return { service: recent("service"), host: recent("host") };
}

export function lastHeads(db: Database, kind: SubjectKind, levels: number): Heads {
  const last = db.query<HeadRow, [number, number]>(
    "SELECT key, atMs, upto FROM tick WHERE key BETWEEN ?1 AND ?2 ORDER BY key DESC LIMIT 1",
  );
  return Array.from({ length: levels }, (_, level) => {
    const row = last.get(tickKey(kind, level, 0), lastTickKey(kind, level));
    return row === null ? null : headOf(row);
  });
}

/** The entries after `afterSeq` without their blocks, the oldest first. */
export function loadHeads(db: Database, kind: SubjectKind, level: number, afterSeq: number): Head[] {
  return db
    .query<HeadRow, [number, number]>("SELECT key, atMs, upto FROM tick WHERE key > ?1 AND key <= ?2 ORDER BY key")
    .all(tickKey(kind, level, afterSeq), lastTickKey(kind, level))
    .map(headOf);
}

export type EntryRange = { afterSeq?: number; lastSeq?: number; fromMs?: number; toMs?: number };

/** The requested entries, the oldest first; read one at a time, because they are large. */
export function* loadEntries(db: Database, kind: SubjectKind, level: number, asked: EntryRange = {}): Iterable<TickEntry> {
  const { afterSeq = 0, lastSeq = Number.POSITIVE_INFINITY, fromMs = 0, toMs = Number.MAX_SAFE_INTEGER } = asked;
  const rows = db.query<HeadRow & { block: Uint8Array }, [number, number, number, number]>(
    "SELECT key, atMs, upto, block FROM tick WHERE key > ?1 AND key <= ?2 AND atMs >= ?3 AND atMs < ?4 ORDER BY key",
  );
  for (const row of rows.iterate(tickKey(kind, level, afterSeq), tickKey(kind, level, lastSeq), fromMs, toMs))
    yield { ...headOf(row), block: readBlock(row.block) };
}

type HeadRow = { key: number; atMs: number; upto: number };

const headOf = ({ key, atMs, upto }: HeadRow): Head => ({ seq: seqOf(key), atMs, upto });
