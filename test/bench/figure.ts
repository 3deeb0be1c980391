// A comparison of one thing done by bs9 and by PM2, and the table of them; pure but for the clock.
import { table } from "../../src/base/table.ts";

export type Figure = {
  what: string;
  /** Milliseconds of each round. */
  bs9: number[];
  pm2: number[];
  /** How much of PM2's time is allowed; null where nothing is promised. */
  target: number | null;
};

export function report(figures: Figure[]): string[] {
  const columns = [{ title: "BENCHMARK" }, ...["BS9", "PM2", "RATIO", "TARGET"].map((title) => ({ title, right: true })), { title: "" }];
  return table(
    columns,
    figures.map(({ what, bs9, pm2, target }) => {
      const ratio = median(bs9) / median(pm2);
      const verdict = target === null ? "" : ratio <= target ? "holds" : "target missed";
      return [what, `${ms(median(bs9))} ms`, `${ms(median(pm2))} ms`, ratio.toFixed(3), target === null ? "" : `<= ${target}`, verdict];
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
export function spread(values: number[]): string {
  return `${ms(Math.min(...values))} … ${ms(median(values))} … ${ms(Math.max(...values))} ms`;
}

function ms(value: number): string {
  return value < 100 ? value.toFixed(1) : value.toFixed(0);
}
