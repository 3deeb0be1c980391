// What a reader can ask, for the process that writes as for others: over the database and what is recent.
import { pointAt, rowOf } from "../block.ts";
import type { Newest, Point, Range, Row, Watch } from "../storage.ts";
import type { Names } from "./names.ts";
import { piecesOf, pointsOf, rememberingSource, type Source, stepsOf, windowsOf } from "./read.ts";
import { loadEntries } from "./recent.ts";
import { watchesOf } from "./watching.ts";

/** As it is at one moment. */
export type Present = Source & { names: Names };

export function servicesOf({ names }: Present): string[] {
  return [...names.idOf.keys()].sort();
}

export function newestOf({ db, heads, levels, names }: Present, service: string | null): Newest | null {
  const [last] = heads[0] == null ? [] : loadEntries(db, 0, { afterSeq: heads[0].seq - 1 });
  if (last === undefined) return null;
  const points = new Map<string, Point>();
  for (const id of service === null ? last.block.keys : [names.idOf.get(service) ?? -1]) {
    const [name, row] = [names.nameOf.get(id), rowOf(last.block, id)];
    if (name !== undefined && row !== -1) points.set(name, pointAt(last.block, row, last.atMs));
  }
  return { atMs: last.atMs, intervalMs: levels[0]?.stepMs ?? 0, points };
}

export function seriesOf(source: Present, service: string, range: Range, stepMs: number): Point[] {
  const id = source.names.idOf.get(service);
  if (id === undefined) return [];
  // The coarsest that is fine enough.
  const start = Math.max(
    0,
    source.levels.findLastIndex((level) => level.stepMs <= stepMs),
  );
  const fromMs = Math.floor(range.fromMs / stepMs) * stepMs;
  const pieces = piecesOf(source, id, { ...range, fromMs }, start);
  return stepsOf(source, id, pieces, stepMs);
}

/** Goes on from one moment while others write: what they put into chunks since is not read twice. */
export function* rowsOf(moment: Present, range: Range, service: string | null): Iterable<Row> {
  const { names } = moment;
  const present = { ...rememberingSource(moment), names };
  for (const name of service === null ? servicesOf(present) : [service]) {
    const id = names.idOf.get(name);
    if (id === undefined) continue;
    for (const piece of piecesOf(present, id, range, 0))
      for (const part of windowsOf(present, id, piece)) for (const point of pointsOf(present, id, part)) yield { service: name, ...point };
  }
}

export function watchesIn({ db, names }: Present, service: string, range: Range): Watch[] {
  const id = names.idOf.get(service);
  return id === undefined ? [] : watchesOf(db, id, range);
}
