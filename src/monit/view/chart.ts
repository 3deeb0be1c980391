// Area charts from characters: braille (two samples and four levels per cell), block elements, or ASCII. Pure.
import type { Charset } from "../model.ts";

export type AreaChart = {
  /** One value per sample, the oldest first; null is a gap, which stays empty. */
  values: readonly (number | null)[];
  width: number;
  height: number;
  /** The value at the top. */
  max: number;
  /** Drawn as a line; null where there is no limit. */
  limit: number | null;
};

/** How many samples a chart of that width shows. */
export function samplesIn(width: number, charset: Charset): number {
  return charset === "braille" ? 2 * width : width;
}

/** The rows of the chart, from the top. */
export function areaChart(chart: AreaChart, charset: Charset): string[] {
  return charset === "braille" ? braille(chart) : steps(chart, charset === "blocks" ? blocks : asciiLevels);
}

/** The dots of a braille cell from the bottom up: of the left column and of the right column (Unicode, U+2800). */
const dots = [
  [0x40, 0x80],
  [0x04, 0x20],
  [0x02, 0x10],
  [0x01, 0x08],
] as const;
const dotsPerCell = dots.length;

function braille({ values, width, height, max, limit }: AreaChart): string[] {
  const levels = height * dotsPerCell;
  const levelOf = (value: number) => Math.max(1, Math.min(levels, Math.round((value / max) * levels)));
  const limitAt = limit === null || limit > max ? null : levelOf(limit) - 1;
  return Array.from({ length: height }, (_, row) => {
    const base = (height - 1 - row) * dotsPerCell;
    return Array.from({ length: width }, (_, column) => {
      let cell = 0;
      for (const side of [0, 1] as const) {
        const value = values[2 * column + side];
        const level = value == null ? 0 : levelOf(value);
        for (const [i, dot] of dots.entries()) if (base + i < level || base + i === limitAt) cell |= dot[side];
      }
      return cell === 0 ? " " : String.fromCharCode(0x2800 + cell);
    }).join("");
  });
}

const blocks = " ▁▂▃▄▅▆▇█";
const asciiLevels = " .:-=+*#";

function steps({ values, width, height, max, limit }: AreaChart, signs: string): string[] {
  const perCell = signs.length - 1;
  return Array.from({ length: height }, (_, row) => {
    const base = (height - 1 - row) * perCell;
    const hasLimit = limit !== null && limit <= max && Math.ceil((limit / max) * height) === height - row;
    return Array.from({ length: width }, (_, column) => {
      const value = values[column];
      const level = value == null ? 0 : Math.max(1, Math.min(height * perCell, Math.round((value / max) * height * perCell)));
      const sign = signs[Math.max(0, Math.min(perCell, level - base))] ?? " ";
      return sign === " " && hasLimit ? "-" : sign;
    }).join("");
  });
}
