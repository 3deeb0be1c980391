// A comparison of one thing done by bs9 and by PM2, and the table of them; pure but for the clock.
import { table } from "../../src/base/table.ts";

export type Figure = {
  what: string;
  /** Milliseconds where it is not told. */
  unit?: "ms" | "MB" | "s" | "lines";
  /** One a round. */
  bs9: number[];
  pm2: number[];
  /** How much of PM2's time is allowed; null where nothing is promised. */
  target: number | null;
};

export function report(figures: Figure[]): string[] {
  const columns = [{ title: "BENCHMARK" }, ...["BS9", "PM2", "RATIO", "TARGET"].map((title) => ({ title, right: true })), { title: "" }];
  return table(
    columns,
    figures.map(({ what, unit, bs9, pm2, target }) => {
      const ratio = median(bs9) / median(pm2);
      const verdict = target === null ? "" : ratio <= target ? "holds" : "target missed";
      return [what, shown(median(bs9), unit), shown(median(pm2), unit), ratio.toFixed(3), target === null ? "" : `<= ${target}`, verdict];
    }),
  );
}

export function median(values: number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const [below, above] = [sorted[Math.ceil(sorted.length / 2) - 1], sorted[middle]];
  return below === undefined || above === undefined ? Number.NaN : (below + above) / 2;
}

/** Lowest, median and highest of the rounds, to see how noisy the machine is. */
export function spread(values: number[], unit: Figure["unit"]): string {
  return `${plain(Math.min(...values))} … ${plain(median(values))} … ${shown(Math.max(...values), unit)}`;
}

const shown = (value: number, unit: Figure["unit"] = "ms"): string => `${plain(value)} ${unit}`;

function plain(value: number): string {
  return Number.isInteger(value) || value >= 100 ? value.toFixed(0) : value.toFixed(value < 10 ? 2 : 1);
}
