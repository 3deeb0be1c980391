// Sorts the points of a service by time, each moment once, although clocks that were set have mixed their order. Pure.
import { type Block, gather } from "./block.ts";
import { follows } from "./levels.ts";

type Run = { fromMs: number; toMs: number };

/**
 * A clock that was set back makes a run of points whose times exist already. The run that was written later counts, and hides
 * the points of earlier runs between its first and its last time. A run ends where the clock jumps, so that a few points from
 * 1970, written before the machine set its clock at boot, hide nothing.
 */
export function inOrder(blocks: readonly Block[], range: Run, stepMs: number): Block | null {
  const runs: (Run & { block: Block; first: number; length: number })[] = [];
  for (const block of blocks) {
    for (let row = 0; row < block.length; row++) {
      const atMs = block.keys[row] ?? 0;
      const last = runs.at(-1);
      if (last !== undefined && last.block === block && follows(last.toMs, atMs, stepMs)) {
        last.toMs = atMs;
        last.length++;
      } else runs.push({ fromMs: atMs, toMs: atMs, block, first: row, length: 1 });
    }
  }
  const rows: { key: number; block: Block; row: number }[] = [];
  const later: Run[] = [];
  for (const run of runs.toReversed()) {
    for (let i = 0; i < run.length; i++) {
      const key = run.block.keys[run.first + i] ?? 0;
      const isIn = key >= range.fromMs && key < range.toMs;
      if (isIn && !later.some(({ fromMs, toMs }) => key >= fromMs && key <= toMs)) rows.push({ key, block: run.block, row: run.first + i });
    }
    widen(later, run, stepMs);
  }
  return gather(rows.sort((a, b) => a.key - b.key));
}

/**
 * Adds a run of points. If a block continues the run of the previous block, both become one run, because the border between two
 * blocks has no meaning.
 */
function widen(later: Run[], run: Run, stepMs: number): void {
  const next = later.at(-1);
  if (next !== undefined && follows(run.toMs, next.fromMs, stepMs)) next.fromMs = run.fromMs;
  else later.push({ fromMs: run.fromMs, toMs: run.toMs });
}
