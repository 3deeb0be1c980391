// One tick into the database: the row itself, the steps of the coarser levels that ended with it, and the chunks that are full.
import type { Database } from "bun:sqlite";
import type { Sample } from "../../metrics/sample.ts";
import { type Block, blockFrom, gather, rowOf } from "../block.ts";
import { rawLayout, rollupLayout } from "../columns.ts";
import { fold } from "../fold.ts";
import type { Level } from "../levels.ts";
import type { Tick } from "../storage.ts";
import { pageBytes } from "./database.ts";
import { chunkKey, lastChunkKey, seqOf, tickKey } from "./keys.ts";
import { idFor, type Names } from "./names.ts";
import type { Entry, Recent } from "./recent.ts";

/** Returns what is recent then; the old one stays as it is, for a transaction that fails. */
export function appendTick(db: Database, names: Names, recent: Recent, levels: readonly Level[], tick: Tick): Recent {
  const next = recent.map((entries) => [...entries]);
  push(next[0] ?? [], { atMs: tick.atMs, upto: 0, block: encode(db, names, tick) });
  const grown = new Set([0]);
  for (let level = 1; level < next.length; level++) {
    const stepMs = levels[level]?.stepMs ?? 0;
    for (;;) {
      const ended = endedStep(next[level - 1] ?? [], next[level]?.at(-1)?.upto ?? 0, stepMs);
      if (ended === null) break;
      push(next[level] ?? [], ended);
      grown.add(level);
    }
  }
  const insert = db.query("INSERT INTO tick (key, atMs, upto, block) VALUES (?1, ?2, ?3, ?4)");
  for (const level of grown) {
    const entries = next[level] ?? [];
    const before = recent[level]?.at(-1)?.seq ?? 0;
    for (const { seq, atMs, upto, block } of entries.filter((entry) => entry.seq > before)) {
      insert.run(tickKey(level, seq), atMs, upto, block.bytes);
      writeChunks(db, names, entries, level, seq);
    }
    // What the next level has not taken in yet is needed still.
    const oldest = (entries.at(-1)?.seq ?? 0) - depthOf(level);
    const last = Math.min(oldest, level + 1 < next.length ? (next[level + 1]?.at(-1)?.upto ?? 0) : oldest);
    db.query("DELETE FROM tick WHERE key BETWEEN ?1 AND ?2").run(tickKey(level, 0), tickKey(level, last));
    next[level] = entries.filter(({ seq }) => seq > last);
  }
  return next;
}

/**
 * A chunk has so many points that SQLite puts its last 4092 bytes into a page of their own and the few before them into the
 * tree (sqlite.org/fileformat2.html#b_tree_pages): one that is added moves no other.
 */
export function depthOf(level: number): number {
  const inTree = Math.floor(((pageBytes - 12) * 32) / 255) - 23;
  return Math.floor((inTree + pageBytes - 4 - recordBytes) / (level === 0 ? rawLayout : rollupLayout).rowBytes);
}

/** The head of the record, two times, and the head of the block. */
const recordBytes = 40;

function push(entries: Entry[], entry: Omit<Entry, "seq">): void {
  entries.push({ seq: (entries.at(-1)?.seq ?? 0) + 1, ...entry });
}

function encode(db: Database, names: Names, { samples }: Tick): Block {
  const byId = new Map<number, Sample>();
  for (const sample of samples) byId.set(idFor(db, names, sample.service), sample);
  const keys = Float64Array.from(byId.keys()).sort();
  return blockFrom(
    rawLayout,
    keys,
    Array.from(keys, (id) => byId.get(id) ?? {}),
  );
}

/** Far more than there are in a step, unless the clock stands still. */
const maxInStep = 300;

/** The first step that is over: something came behind it that belongs to another one, earlier or later. */
function endedStep(below: readonly Entry[], upto: number, stepMs: number): Omit<Entry, "seq"> | null {
  const open = below.filter(({ seq }) => seq > upto);
  const step = (entry: Entry) => Math.floor(entry.atMs / stepMs);
  const first = open[0];
  const end = first === undefined ? -1 : open.findIndex((entry) => step(entry) !== step(first));
  const run = end === -1 ? (open.length > maxInStep ? open : []) : open.slice(0, end);
  const last = run.at(-1);
  if (first === undefined || last === undefined) return null;
  const ids = new Set<number>();
  for (const { block } of run) for (const id of block.keys) ids.add(id);
  const keys = Float64Array.from(ids).sort();
  const rows = new Map(Array.from(keys, (id, row) => [id, row]));
  const parts = run.map(({ block }) => ({ block, targets: Int32Array.from(block.keys, (id) => rows.get(id) ?? 0) }));
  return { atMs: step(first) * stepMs, upto: last.seq, block: fold(parts, keys) };
}

/** Each entry is the turn of a part of the services, so that no tick has to write for all of them. */
function writeChunks(db: Database, names: Names, entries: readonly Entry[], level: number, seq: number): void {
  const depth = depthOf(level);
  const latest = latestChunk(db);
  const insert = db.query("INSERT INTO chunk (key, minMs, maxMs, block) VALUES (?1, ?2, ?3, ?4)");
  const written = entries.filter((entry) => entry.seq <= seq);
  for (const id of names.nameOf.keys()) {
    if (id % depth !== seq % depth) continue;
    const chunk = chunkOf(written, id, latest(level, id));
    if (chunk !== null) insert.run(chunkKey(level, id, seq), Math.min(...chunk.keys), Math.max(...chunk.keys), chunk.bytes);
  }
}

/** What is recent of a service and not in a chunk yet. */
export function chunkOf(entries: readonly Entry[], id: number, afterSeq: number): Block | null {
  const rows: { key: number; block: Block; row: number }[] = [];
  for (const { seq, atMs, block } of entries) {
    const row = seq > afterSeq ? rowOf(block, id) : -1;
    if (row !== -1) rows.push({ key: atMs, block, row });
  }
  return gather(rows);
}

/** The last entry that is in a chunk of the service; 0 where there is none. */
export function latestChunk(db: Database): (level: number, id: number) => number {
  const select = db.query<{ key: number | null }, [number, number]>("SELECT max(key) AS key FROM chunk WHERE key BETWEEN ?1 AND ?2");
  return (level, id) => seqOf(select.get(chunkKey(level, id, 0), lastChunkKey(level, id))?.key ?? 0);
}
