// Reads one service or the host from the database: which level has which part of a range, and its points in order.
import type { Database } from "bun:sqlite";
import type { SubjectKind } from "../../metrics/subject.ts";
import { type Block, makeBlock, pointAt, readBlock } from "../block.ts";
import { layoutOn } from "../columns.ts";
import { fold } from "../fold.ts";
import { type RetentionLevel, spanOf } from "../levels.ts";
import { inOrder } from "../order.ts";
import type { Point, Range } from "../storage.ts";
import { chunksOf, latestChunk } from "./chunks.ts";
import { type EntryRange, type Heads, loadEntries, type TickEntry } from "./recent.ts";
import { chunkKey, lastChunkKey } from "./schema.ts";

/** `after` gives the recent points of a service behind entry `afterSeq` of a level, at least those in the range; null if none. */
export type PointSource = {
  kind: SubjectKind;
  db: Database;
  heads: Heads;
  levels: readonly RetentionLevel[];
  after: (level: number, id: number, afterSeq: number, range?: Range) => Block | null;
};

/** `entries` returns the requested entries, and may return others too. */
export function pointSourceOf(
  { db, kind, heads, levels }: Omit<PointSource, "after">,
  entries: (level: number, asked: EntryRange) => Iterable<TickEntry>,
): PointSource {
  const after: PointSource["after"] = (level, id, afterSeq, range) =>
    chunksOf(entries(level, { afterSeq, ...range }), kind, level, new Map([[id, afterSeq]])).get(id) ?? null;
  return { db, kind, heads, levels, after };
}

/** A source for reading many services: it reads each level once and keeps it in memory. */
export function rememberingSource(source: PointSource): PointSource {
  const read = new Map<number, TickEntry[]>();
  return pointSourceOf(source, (level) => {
    const known = read.get(level) ?? [...loadEntries(source.db, source.kind, level)];
    read.set(level, known);
    return known;
  });
}

export type Piece = Range & { level: number };

/** The points of one piece, in order of time. */
export function pointsOf(source: PointSource, id: number, { level, ...range }: Piece): Point[] {
  const block = blockOf(source, id, level, range);
  return block === null ? [] : Array.from({ length: block.length }, (_, row) => pointAt(block, row, block.keys[row] ?? 0));
}

/** The points of all `pieces` as one series of steps of equal length, each labelled with its begin. */
export function stepsOf(source: PointSource, id: number, pieces: readonly Piece[], stepMs: number): Point[] {
  const blocks = pieces.flatMap(({ level, ...range }) => blockOf(source, id, level, range) ?? []);
  const step = (atMs: number) => Math.floor(atMs / stepMs) * stepMs;
  const keys = Float64Array.from(new Set(blocks.flatMap(({ keys: times }) => [...times].map(step)))).sort();
  const rows = new Map([...keys].map((key, row) => [key, row]));
  const parts = blocks.map((block) => ({ block, targets: Int32Array.from(block.keys, (atMs) => rows.get(step(atMs)) ?? 0) }));
  const folded = keys.length === 0 ? makeBlock(layoutOn(source.kind, 1), 0) : fold(source.kind, parts, keys);
  return Array.from({ length: folded.length }, (_, row) => pointAt(folded, row, folded.keys[row] ?? 0));
}

/**
 * Splits a range into pieces by level: level `start` for the time that it holds, coarser levels for older times, finer levels for
 * times that are not folded into it yet. The cuts are where a coarse step begins, so that no sample is left out or counted
 * twice. The oldest piece comes first.
 */
export function piecesOf(source: PointSource, id: number, range: Range, start: number): Piece[] {
  const { heads, levels } = source;
  const pieces: Piece[] = [];
  let endMs = range.toMs;
  const take = (level: number, fromMs: number) => {
    const piece = { level, fromMs: Math.max(fromMs, range.fromMs), toMs: endMs };
    if (piece.fromMs < piece.toMs) pieces.unshift(piece);
    endMs = Math.min(endMs, piece.fromMs);
  };
  for (let level = 0; level < start; level++) {
    const above = heads[level + 1] ?? null;
    take(level, above === null ? Number.NEGATIVE_INFINITY : above.atMs + (levels[level + 1]?.stepMs ?? 0));
  }
  for (let level = start; level < levels.length; level++) {
    if (endMs <= range.fromMs) break;
    const coarser = levels[level + 1];
    take(level, coarser === undefined ? Number.NEGATIVE_INFINITY : beginOf(source, id, level, coarser.stepMs, range.fromMs));
  }
  return pieces;
}

/** The time at which a level takes over from the coarser one: the begin of the first coarse step whose samples it still has. */
function beginOf(source: PointSource, id: number, level: number, stepMs: number, fromMs: number): number {
  const firstMs = firstOf(source, id, level);
  if (firstMs === null) return Number.POSITIVE_INFINITY;
  if (firstMs <= fromMs) return fromMs;
  const step = { fromMs: Math.floor(firstMs / stepMs) * stepMs, toMs: (Math.floor(firstMs / stepMs) + 1) * stepMs };
  const isWhole = samplesIn(source, id, level, step) >= samplesIn(source, id, level + 1, step);
  return isWhole ? step.fromMs : step.toMs;
}

function samplesIn(source: PointSource, id: number, level: number, range: Range): number {
  return pointsOf(source, id, { level, ...range }).reduce((sum, { samples }) => sum + samples, 0);
}

/** At most this many chunks of a service are in memory at a time. */
const chunksInWindow = 32;

/** Cuts a piece into windows of `chunksInWindow` chunks each, so that memory does not grow with the range. */
export function windowsOf({ db }: PointSource, id: number, piece: Piece): Piece[] {
  const { level, fromMs, toMs } = piece;
  const cuts = db
    .query<{ minMs: number }, [number, number, number, number]>(
      "SELECT minMs FROM chunk WHERE key BETWEEN ?1 AND ?2 AND maxMs >= ?3 AND minMs < ?4 ORDER BY minMs",
    )
    .all(chunkKey(level, id, 0), lastChunkKey(level, id), fromMs, toMs)
    .map(({ minMs }) => minMs)
    .filter((minMs, i) => i % chunksInWindow === 0 && minMs > fromMs);
  return [fromMs, ...cuts].map((beginMs, i) => ({ level, fromMs: beginMs, toMs: cuts[i] ?? toMs }));
}

/** The oldest time that a level has, or null; points far older than the level keeps came from a wrong clock and are skipped. */
function firstOf({ db, heads, levels, after }: PointSource, id: number, level: number): number | null {
  const one = levels[level];
  const newest = heads[level] ?? null;
  if (one === undefined || newest === null) return null;
  const first = db
    .query<{ minMs: number | null }, [number, number, number]>(
      "SELECT min(minMs) AS minMs FROM chunk WHERE key BETWEEN ?1 AND ?2 AND minMs >= ?3",
    )
    .get(chunkKey(level, id, 0), lastChunkKey(level, id), newest.atMs - 2 * spanOf(one))?.minMs;
  return first ?? after(level, id, 0)?.keys[0] ?? null;
}

function blockOf({ db, levels, after }: PointSource, id: number, level: number, range: Range): Block | null {
  // Read before the chunks: a point that another process moves into a chunk meanwhile is found twice, and `inOrder` keeps one.
  const latest = latestChunk(db)(level, id);
  const stored = db
    .query<{ block: Uint8Array }, [number, number, number, number]>(
      "SELECT block FROM chunk WHERE key BETWEEN ?1 AND ?2 AND maxMs >= ?3 AND minMs < ?4 ORDER BY key",
    )
    .all(chunkKey(level, id, 0), lastChunkKey(level, id), range.fromMs, range.toMs);
  const rest = after(level, id, latest, range);
  const blocks = [...stored.map(({ block }) => readBlock(block)), ...(rest === null ? [] : [rest])];
  return inOrder(blocks, range, levels[level]?.stepMs ?? 0);
}
