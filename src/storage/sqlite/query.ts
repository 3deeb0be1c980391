// The queries of a reader over the database and the latest entries, for the writing process and for others.
import type { Database } from "bun:sqlite";
import { kindOf, type SubjectKind } from "../../metrics/subject.ts";
import { type Block, pointAt, readBlock, rowOf } from "../block.ts";
import type { Newest, Point, Range, StorageRow, WatchedSpan } from "../storage.ts";
import { type PointSource, piecesOf, pointsOf, rememberingSource, stepsOf, windowsOf } from "./read.ts";
import { loadEntries } from "./recent.ts";
import { chunksAt, lastChunkAt, type Names, serviceOf } from "./schema.ts";
import { watchesOf } from "./watching.ts";

/** The stored data as of one moment. */
export type Present = { db: Database; names: Names; sources: Record<SubjectKind, PointSource> };

export function storedServices({ names }: Present): string[] {
  return [...names.idOf.keys()].filter((name) => kindOf(name) === "service").sort();
}

export function newestOf({ names, sources }: Present, subject: string | null): Newest | null {
  const kind = subject === null ? "service" : kindOf(subject);
  const { db, heads, levels } = sources[kind];
  const [last] = heads[0] == null ? [] : loadEntries(db, kind, 0, { afterSeq: heads[0].seq - 1 });
  if (last === undefined) return null;
  const points = new Map<string, Point>();
  for (const id of subject === null ? last.block.keys : [names.idOf.get(subject) ?? -1]) {
    const [name, row] = [names.nameOf.get(id), rowOf(last.block, id)];
    if (name !== undefined && row !== -1) points.set(name, pointAt(last.block, row, last.atMs));
  }
  return { atMs: last.atMs, intervalMs: levels[0]?.stepMs ?? 0, points };
}

export function seriesOf({ names, sources }: Present, subject: string, range: Range, stepMs: number): Point[] {
  const id = names.idOf.get(subject);
  if (id === undefined) return [];
  const source = sources[kindOf(subject)];
  // The level with the longest steps that are still short enough for the query.
  const start = Math.max(
    0,
    source.levels.findLastIndex((level) => level.stepMs <= stepMs),
  );
  const fromMs = Math.floor(range.fromMs / stepMs) * stepMs;
  const pieces = piecesOf(source, id, { ...range, fromMs }, start);
  return stepsOf(source, id, pieces, stepMs);
}

/** The rows as of one moment, while another process writes: an entry that it moves into a chunk meanwhile is not read twice. */
export function* rowsOf(moment: Present, range: Range, subject: string | null): Iterable<StorageRow> {
  const { names, sources } = moment;
  const source = rememberingSource(sources[subject === null ? "service" : kindOf(subject)]);
  for (const name of subject === null ? storedServices(moment) : [subject]) {
    const id = names.idOf.get(name);
    if (id === undefined) continue;
    for (const piece of piecesOf(source, id, range, 0))
      for (const part of windowsOf(source, id, piece)) for (const point of pointsOf(source, id, part)) yield { service: name, ...point };
  }
}

/** Reads every chunk and every entry of the range once, because asking for one service after the other takes longer. */
export function momentsOf({ db, names, sources }: Present, range: Range, stepMs: number): StorageRow[] {
  const { kind, levels } = sources.service;
  const level = Math.max(
    0,
    levels.findLastIndex((one) => one.stepMs <= stepMs),
  );
  const rows: StorageRow[] = [];
  const add = (id: number, block: Block, row: number, atMs: number) => {
    const name = names.nameOf.get(id);
    if (name !== undefined && kindOf(name) === kind) rows.push({ service: name, ...pointAt(block, row, atMs) });
  };
  const chunks = db
    .query<{ key: number; block: Uint8Array }, [number, number, number, number]>(
      "SELECT key, block FROM chunk WHERE key BETWEEN ?1 AND ?2 AND maxMs >= ?3 AND minMs < ?4 ORDER BY key",
    )
    .iterate(chunksAt(level), lastChunkAt(level), range.fromMs, range.toMs);
  for (const { key, block: bytes } of chunks) {
    const block = readBlock(bytes);
    for (const [row, atMs] of block.keys.entries()) if (atMs >= range.fromMs && atMs < range.toMs) add(serviceOf(key), block, row, atMs);
  }
  for (const { atMs, block } of loadEntries(db, kind, level, range))
    for (const [row, id] of block.keys.entries()) add(id, block, row, atMs);
  return rows;
}

export function watchesIn({ db, names }: Present, service: string, range: Range): WatchedSpan[] {
  const id = names.idOf.get(service);
  return id === undefined ? [] : watchesOf(db, id, range);
}
