// Folds many rows into one, column by column: a mean weighted by samples, a minimum, a maximum, a sum or the last value. Pure.
import type { SubjectKind } from "../metrics/subject.ts";
import { type Block, makeBlock, type Values } from "./block.ts";
import { layoutOn, rollupColumns, type StorageColumn } from "./columns.ts";

/**
 * A block, and for each of its rows the number of the row in the result that it is combined into. Blocks come in order of time.
 */
export type FoldPart = { block: Block; targets: Int32Array };

export function fold(kind: SubjectKind, parts: readonly FoldPart[], keys: Float64Array): Block {
  const result = makeBlock(layoutOn(kind, 1), keys.length);
  result.keys.set(keys);
  const sums = new Float64Array(keys.length);
  const weights = new Float64Array(keys.length);
  for (const column of rollupColumns[kind]) {
    const into = result.columns.get(column.name);
    if (into === undefined) continue;
    sums.fill(column.name === "samples" ? 0 : Number.NaN);
    weights.fill(0);
    for (const part of parts) add(column, part, sums, weights);
    for (let row = 0; row < into.length; row++) into[row] = (sums[row] ?? 0) / (column.fold === "mean" ? (weights[row] ?? 0) : 1);
  }
  for (const { name } of result.layout.words) {
    const into = result.columns.get(name);
    if (into !== undefined) for (const { block, targets } of parts) lastWords(block.columns.get(name), targets, into);
  }
  return result;
}

function add({ name, fold: how, from }: StorageColumn, { block, targets }: FoldPart, sums: Float64Array, weights: Float64Array): void {
  const counts = block.columns.get("samples");
  const values = block.columns.get(name) ?? block.columns.get(from ?? "");
  if (name === "samples")
    for (let row = 0; row < block.length; row++) sums[targets[row] ?? 0] = (sums[targets[row] ?? 0] ?? 0) + (counts?.[row] ?? 1);
  else if (values !== undefined && how === "mean") addWeighted(values, counts, targets, sums, weights);
  else if (values !== undefined) addPlain(how, values, targets, sums);
}

function addWeighted(values: Values, counts: Values | undefined, targets: Int32Array, sums: Float64Array, weights: Float64Array): void {
  for (let row = 0; row < values.length; row++) {
    const value = values[row] ?? Number.NaN;
    if (Number.isNaN(value)) continue;
    const target = targets[row] ?? 0;
    const samples = counts?.[row] ?? 1;
    const weight = weights[target] ?? 0;
    sums[target] = (weight === 0 ? 0 : (sums[target] ?? 0)) + value * samples;
    weights[target] = weight + samples;
  }
}

function addPlain(how: StorageColumn["fold"], values: Values, targets: Int32Array, sums: Float64Array): void {
  for (let row = 0; row < values.length; row++) {
    const value = values[row] ?? Number.NaN;
    if (Number.isNaN(value)) continue;
    const target = targets[row] ?? 0;
    const before = sums[target] ?? Number.NaN;
    if (how === "last" || Number.isNaN(before)) sums[target] = value;
    else sums[target] = how === "sum" ? before + value : how === "min" ? Math.min(before, value) : Math.max(before, value);
  }
}

function lastWords(words: Values | undefined, targets: Int32Array, into: Values): void {
  if (words === undefined) return;
  for (let row = 0; row < words.length; row++) if (words[row] !== 255) into[targets[row] ?? 0] = words[row] ?? 255;
}
