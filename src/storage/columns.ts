// The figures of a point as columns: how wide each is, and how many values are folded into one. The layouts are a file format.
import { type Figure, type Fold, tableOf } from "../metrics/figures.ts";
import { healths, memorySources, states } from "../metrics/sample.ts";
import { kinds, type SubjectKind } from "../metrics/subject.ts";
import { columnsBefore } from "./columns-before.ts";

export type StorageColumn = {
  name: string;
  bytes: 4 | 8;
  fold: Fold | "min" | "max";
  /** The column to read instead in blocks of single samples, which have no columns for minimum and maximum. */
  from?: string;
};
type WordColumn = { name: "state" | "health" | "memorySource"; words: readonly string[] };

/** `columns` are in the order of the file: the widest first, so that each begins at an offset that a typed array accepts. */
export type Layout = {
  id: number;
  kind: SubjectKind;
  columns: readonly Pick<StorageColumn, "name" | "bytes">[];
  words: readonly WordColumn[];
  rowBytes: number;
};

/** Each word is stored as one byte, its index; 255 means null. */
const wordsOf: Record<SubjectKind, readonly WordColumn[]> = {
  service: [
    { name: "state", words: states },
    { name: "health", words: healths },
    { name: "memorySource", words: memorySources },
  ],
  host: [],
};

/** The highest version of metrics.db that added a figure. */
export const columnsVersion = Math.max(...kinds.flatMap((kind) => tableOf(kind).map(({ of }) => of[kind] ?? 0)));

/** The first version of metrics.db that stores columns in the order of the table of figures. */
const firstVersion = 3;
/** A layout is the list of columns of a block. The ids of the host's layouts begin here. */
const hostIds = 65_536;

const byVersion = (kind: SubjectKind) => versionsOf(kind).map((version) => layoutsAt(kind, version));
const known = { service: byVersion("service"), host: byVersion("host") };

/** All layouts (lists of columns) that a block in metrics.db can have, by id. */
export const layouts: ReadonlyMap<number, Layout> = new Map(
  [
    ...columnsBefore.map(({ id, columns }) => layoutOf(id, "service", columns)),
    ...[...known.service, ...known.host].flatMap(({ raw, rollup }) => [raw, rollup]),
  ].map((layout) => [layout.id, layout]),
);

/**
 * The layout (the list of columns) of new blocks. Level 0 holds single samples; higher levels hold several samples folded into
 * one.
 */
export function layoutOn(kind: SubjectKind, level: number): Layout {
  const newest = known[kind].at(-1);
  if (newest === undefined) throw new Error(`metrics.db has no list of columns for samples of kind ${kind}`);
  return level === 0 ? newest.raw : newest.rollup;
}

/** The columns of points that combine several samples, in the current version of metrics.db. */
export const rollupColumns: Record<SubjectKind, readonly StorageColumn[]> = {
  service: rollupOf(tableOf("service")),
  host: rollupOf(tableOf("host")),
};

function versionsOf(kind: SubjectKind): number[] {
  return [...new Set(tableOf(kind).map(({ of }) => Math.max(of[kind] ?? 0, firstVersion)))].sort((a, b) => a - b);
}

/**
 * The layouts (lists of columns) of one version of metrics.db: only the figures that existed in that version, so that later
 * figures do not change them.
 */
function layoutsAt(kind: SubjectKind, version: number): { raw: Layout; rollup: Layout } {
  const figures = tableOf(kind).filter(({ of }) => (of[kind] ?? 0) <= version);
  const id = (kind === "host" ? hostIds : 0) + 2 * version;
  return { raw: layoutOf(id - 1, kind, figures), rollup: layoutOf(id, kind, rollupOf(figures)) };
}

function rollupOf(figures: readonly Figure[]): StorageColumn[] {
  return [
    ...figures.map(({ name, bytes, fold }): StorageColumn => ({ name, bytes, fold })),
    { name: "samples", bytes: 4, fold: "sum" },
    ...figures.flatMap(({ name, bytes, spread }): StorageColumn[] =>
      spread === undefined
        ? []
        : [
            { name: `${name}Min`, bytes, fold: "min", from: name },
            { name: `${name}Max`, bytes, fold: "max", from: name },
          ],
    ),
  ];
}

function layoutOf(id: number, kind: SubjectKind, columns: Layout["columns"]): Layout {
  const words = wordsOf[kind];
  // Each row has a key of 8 bytes.
  const rowBytes = 8 + columns.reduce((sum, { bytes }) => sum + bytes, 0) + words.length;
  return { id, kind, columns: columns.map(({ name, bytes }) => ({ name, bytes })).toSorted((a, b) => b.bytes - a.bytes), words, rowBytes };
}
