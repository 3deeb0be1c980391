// Many rows -> one, column by column: means by how many samples each row is made of, extremes, sums and the last; pure.
import { type Block, makeBlock } from "./block.ts";
import { type Column, rollupLayout, wordColumns } from "./columns.ts";

/** `target` is the row of the result that a row goes into. Blocks come in order of time. */
export type Part = { block: Block; target: (row: number) => number };

export function fold(parts: readonly Part[], keys: Float64Array): Block {
  const result = makeBlock(rollupLayout, keys.length);
  result.keys.set(keys);
  const targets = parts.map(({ block, target }) => Int32Array.from({ length: block.length }, (_, row) => target(row)));
  for (const column of rollupLayout.columns) foldColumn(column, parts, targets, result);
  for (const { name } of wordColumns) {
    const into = result.columns.get(name);
    if (into === undefined) continue;
    each(parts, targets, name, undefined, (row, value) => {
      if (value !== 255) into[row] = value;
    });
  }
  return result;
}

function foldColumn({ name, fold: how, from }: Column, parts: readonly Part[], targets: Int32Array[], result: Block): void {
  const into = result.columns.get(name);
  if (into === undefined) return;
  if (how === "mean") return mean(name, parts, targets, into);
  if (name === "samples") {
    for (const [i, { block }] of parts.entries()) {
      const counts = block.columns.get(name);
      targets[i]?.forEach((target, row) => {
        into[target] = known(into[target]) + (counts?.[row] ?? 1);
      });
    }
    return;
  }
  each(parts, targets, name, from, (row, value) => {
    if (Number.isNaN(value)) return;
    const before = into[row] ?? Number.NaN;
    if (Number.isNaN(before) || how === "last") into[row] = value;
    else into[row] = how === "sum" ? before + value : how === "min" ? Math.min(before, value) : Math.max(before, value);
  });
}

function mean(name: string, parts: readonly Part[], targets: Int32Array[], into: Block["keys"] | Float32Array | Uint8Array): void {
  const sums = new Float64Array(into.length);
  const weights = new Float64Array(into.length);
  each(parts, targets, name, undefined, (row, value, samples) => {
    if (Number.isNaN(value)) return;
    sums[row] = (sums[row] ?? 0) + value * samples;
    weights[row] = (weights[row] ?? 0) + samples;
  });
  for (let row = 0; row < into.length; row++) into[row] = (sums[row] ?? 0) / (weights[row] ?? 0);
}

function each(
  parts: readonly Part[],
  targets: Int32Array[],
  name: string,
  instead: string | undefined,
  visit: (target: number, value: number, samples: number) => void,
): void {
  for (const [i, { block }] of parts.entries()) {
    const values = block.columns.get(name) ?? block.columns.get(instead ?? "");
    const counts = block.columns.get("samples");
    const rows = targets[i];
    if (values === undefined || rows === undefined) continue;
    for (let row = 0; row < block.length; row++) visit(rows[row] ?? 0, values[row] ?? Number.NaN, counts?.[row] ?? 1);
  }
}

function known(value: number | undefined): number {
  return value === undefined || Number.isNaN(value) ? 0 : value;
}
