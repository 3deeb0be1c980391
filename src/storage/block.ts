// Many points in one piece of memory, column by column: of one moment, keyed by subject, or of one subject, keyed by time.
import { failed } from "../base/errors.ts";
import { type Layout, layouts, rollupColumns } from "./columns.ts";
import type { Point } from "./storage.ts";

export type Values = Float64Array | Float32Array | Uint8Array;

export type Block = {
  layout: Layout;
  length: number;
  bytes: Uint8Array;
  keys: Float64Array;
  columns: ReadonlyMap<string, Values>;
  /** The columns of `columns`, in the order in which the layout lists them. */
  inOrder: readonly Values[];
};

const headBytes = 8;

export function makeBlock(layout: Layout, length: number): Block {
  const bytes = new Uint8Array(headBytes + length * layout.rowBytes);
  const head = new DataView(bytes.buffer);
  head.setUint32(0, layout.id, true);
  head.setUint32(4, length, true);
  const block = viewOf(bytes, layout, length);
  for (const values of block.columns.values()) values.fill(values instanceof Uint8Array ? 255 : Number.NaN);
  return block;
}

/** Reads a block of samples from its bytes. Throws if they are not a block that bs9 wrote. */
export function readBlock(stored: Uint8Array): Block {
  const bytes = stored.byteOffset % 8 === 0 ? stored : stored.slice();
  const head = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const layout = bytes.length < headBytes ? undefined : layouts.get(head.getUint32(0, true));
  const length = layout === undefined ? 0 : head.getUint32(4, true);
  if (layout === undefined || bytes.length !== headBytes + length * layout.rowBytes) throw damaged();
  return viewOf(bytes, layout, length);
}

export const damagedBlock = "cannot read stored samples: they are damaged";
const damaged = () => failed(damagedBlock);

function viewOf(bytes: Uint8Array, layout: Layout, length: number): Block {
  const { buffer } = bytes;
  let at = bytes.byteOffset + headBytes;
  const take = (width: 1 | 4 | 8): Values => {
    const start = at;
    at += width * length;
    if (width === 8) return new Float64Array(buffer, start, length);
    return width === 4 ? new Float32Array(buffer, start, length) : new Uint8Array(buffer, start, length);
  };
  const keys = take(8) as Float64Array;
  const columns = new Map<string, Values>();
  for (const column of layout.columns) columns.set(column.name, take(column.bytes));
  for (const { name } of layout.words) columns.set(name, take(1));
  return { layout, length, bytes, keys, columns, inOrder: [...columns.values()] };
}

/** Makes one row for each point; a figure that a point does not have becomes null. */
export function blockFrom(layout: Layout, keys: Float64Array, points: readonly Readonly<Record<string, unknown>>[]): Block {
  const block = makeBlock(layout, keys.length);
  block.keys.set(keys);
  for (const { name } of layout.columns) {
    const values = block.columns.get(name);
    if (values !== undefined) for (let row = 0; row < values.length; row++) values[row] = numberIn(points[row]?.[name]);
  }
  for (const { name, words } of layout.words) {
    const values = block.columns.get(name);
    // An unknown word has the index -1. A byte stores -1 as 255, which stands for null.
    if (values !== undefined) for (let row = 0; row < values.length; row++) values[row] = words.indexOf(String(points[row]?.[name]));
  }
  return block;
}

const numberIn = (value: unknown): number => (typeof value === "number" ? value : Number.NaN);

/**
 * Copies rows of several blocks into one block with new keys, with the columns of the block that has the most. Null without
 * rows.
 */
export function gather(rows: readonly { key: number; block: Block; row: number }[]): Block | null {
  let layout: Layout | null = null;
  for (const { block } of rows) if (layout === null || block.layout.columns.length > layout.columns.length) layout = block.layout;
  if (layout === null) return null;
  const result = makeBlock(layout, rows.length);
  for (const [target, { key, block, row }] of rows.entries()) copyRow(block, row, result, target, key);
  return result;
}

/** Copies one row; columns that an older bs9 did not write stay null. */
export function copyRow(from: Block, row: number, to: Block, target: number, key: number): void {
  to.keys[target] = key;
  if (from.layout !== to.layout) {
    for (const [name, values] of to.columns) {
      const known = from.columns.get(name)?.[row];
      if (known !== undefined) values[target] = known;
    }
    return;
  }
  for (let i = 0; i < to.inOrder.length; i++) {
    const values = to.inOrder[i];
    if (values !== undefined) values[target] = from.inOrder[i]?.[row] ?? Number.NaN;
  }
}

/** A block with only the first rows, or with all rows and room for more. */
export function resized(block: Block, length: number): Block {
  if (length === block.length) return block;
  const result = makeBlock(block.layout, length);
  for (let row = 0; row < Math.min(length, block.length); row++) copyRow(block, row, result, row, block.keys[row] ?? 0);
  return result;
}

export function pointAt({ layout, columns }: Block, row: number, atMs: number): Point {
  const point: Record<string, unknown> = { atMs };
  for (const { name, from } of rollupColumns[layout.kind]) {
    const value = (columns.get(name) ?? columns.get(from ?? ""))?.[row];
    point[name] = value === undefined || Number.isNaN(value) ? null : value;
  }
  for (const { name, words } of layout.words) point[name] = words[columns.get(name)?.[row] ?? 255] ?? null;
  point["samples"] ??= 1;
  // A service always has a state and a health, so a missing word means that the block is damaged.
  if (point["state"] === null || point["health"] === null) throw damaged();
  return point as Point;
}

/** The row of a key in a block whose keys rise; -1 if the key is not there. */
export function rowOf({ keys, length }: Block, key: number): number {
  let low = 0;
  let high = length - 1;
  while (low <= high) {
    const middle = (low + high) >> 1;
    const value = keys[middle] ?? Number.NaN;
    if (value === key) return middle;
    if (value < key) low = middle + 1;
    else high = middle - 1;
  }
  return -1;
}
