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
import { type Entry, type Head, loadEntries, type Recent } from "./recent.ts";

/** Returns what is recent then; the old one stays as it is, for a transaction that fails. */
export function appendTick(db: Database, names: Names, recent: Recent, levels: readonly Level[], tick: Tick): Recent {
  const heads = [...recent.heads];
  let below = write(db, names, recent.raw, 0, [{ atMs: tick.atMs, upto: 0, block: encode(db, names, tick) }]);
  heads[0] = headOf(below);
  const raw = trim(db, below, 0, () => heads[1]?.upto ?? 0);
  for (let level = 1; level < levels.length; level++) {
    const ended = endedSteps(below, recent.heads[level]?.upto ?? 0, levels[level]?.stepMs ?? 0);
    if (ended.length === 0) break;
    below = write(db, names, loadEntries(db, level), level, ended);
    heads[level] = headOf(below);
    trim(db, below, level, () => (level + 1 < levels.length ? (recent.heads[level + 1]?.upto ?? 0) : Number.POSITIVE_INFINITY));
  }
  return { raw, heads };
}

/** Returns the entries of the level with the new ones. */
function write(db: Database, names: Names, before: readonly Entry[], level: number, added: readonly Omit<Entry, "seq">[]): Entry[] {
  const insert = db.query("INSERT INTO tick (key, atMs, upto, block) VALUES (?1, ?2, ?3, ?4)");
  const entries = [...before];
  for (const entry of added) {
    const seq = (entries.at(-1)?.seq ?? 0) + 1;
    entries.push({ seq, ...entry });
    insert.run(tickKey(level, seq), entry.atMs, entry.upto, entry.block.bytes);
    writeChunks(db, names, entries, level, seq);
  }
  return entries;
}

/** What the next level has not taken in yet is needed still. */
function trim(db: Database, entries: Entry[], level: number, takenIn: () => number): Entry[] {
  const last = Math.min((entries.at(-1)?.seq ?? 0) - depthOf(level), takenIn());
  db.query("DELETE FROM tick WHERE key BETWEEN ?1 AND ?2").run(tickKey(level, 0), tickKey(level, last));
  return entries.filter(({ seq }) => seq > last);
}

function headOf(entries: readonly Entry[]): Head | null {
  const last = entries.at(-1);
  return last === undefined ? null : { seq: last.seq, atMs: last.atMs, upto: last.upto };
}

/**
 * A chunk has so many points that SQLite puts its last 4092 bytes into a page of their own and the few before them into the
 * tree (sqlite.org/fileformat2.html#b_tree_pages): one that is added moves no other.
 */
function depthOf(level: number): number {
  const inTree = Math.floor(((pageBytes - 12) * 32) / 255) - 23;
  return Math.floor((inTree + pageBytes - 4 - recordBytes) / (level === 0 ? rawLayout : rollupLayout).rowBytes);
}

/** The head of the record, two times, and the head of the block. */
const recordBytes = 40;

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

/** The steps that are over: something came behind them that belongs to another one, earlier or later. */
function endedSteps(below: readonly Entry[], upto: number, stepMs: number): Omit<Entry, "seq">[] {
  const open = below.filter(({ seq }) => seq > upto);
  const step = (entry: Entry) => Math.floor(entry.atMs / stepMs) * stepMs;
  const steps: Omit<Entry, "seq">[] = [];
  for (let first = 0, end = 1; end <= open.length; end++) {
    const [one, next] = [open[first], open[end]];
    const isOver = next === undefined ? end - first > maxInStep : one !== undefined && step(next) !== step(one);
    if (!isOver || one === undefined) continue;
    steps.push(foldStep(open.slice(first, end), step(one)));
    first = end;
  }
  return steps;
}

function foldStep(all: readonly Entry[], atMs: number): Omit<Entry, "seq"> {
  // Where the clock was set back within the step, what came later counts: no step has more than fits into it.
  let laterMs = Number.POSITIVE_INFINITY;
  const run = all.toReversed().filter((entry) => {
    const isFirst = entry.atMs < laterMs;
    laterMs = Math.min(laterMs, entry.atMs);
    return isFirst;
  });
  run.reverse();
  const ids = new Set<number>();
  for (const { block } of run) for (const id of block.keys) ids.add(id);
  const keys = Float64Array.from(ids).sort();
  const rows = new Map(Array.from(keys, (id, row) => [id, row]));
  const parts = run.map(({ block }) => ({ block, targets: Int32Array.from(block.keys, (id) => rows.get(id) ?? 0) }));
  return { atMs, upto: all.at(-1)?.seq ?? 0, block: fold(parts, keys) };
}

/** Each entry is the turn of a part of the services, so that no tick has to write for all of them. */
function writeChunks(db: Database, names: Names, entries: readonly Entry[], level: number, seq: number): void {
  const depth = depthOf(level);
  const latest = latestChunk(db);
  const insert = db.query("INSERT INTO chunk (key, minMs, maxMs, block) VALUES (?1, ?2, ?3, ?4)");
  for (const id of names.nameOf.keys()) {
    if (id % depth !== seq % depth) continue;
    const chunk = chunkOf(entries, id, latest(level, id));
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
