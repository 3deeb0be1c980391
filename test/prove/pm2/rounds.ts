// One thing done by bs9 and by PM2 in turn, several rounds of it, and the figure that these rounds make.
import type { Figure, Target } from "../proof.ts";

export type Comparison = {
  what: string;
  /** Milliseconds by default. */
  unit?: "ms" | "MB" | "s" | "lines";
  /** One value a round. */
  bs9: number[];
  pm2: number[];
  target: Target | null;
};

/** The promise that bs9 needs at most this share of what PM2 needs. */
export const atMostOfPm2 = (share: number): Target => ({ of: "ratio", atMost: share });

export function figureOf({ what, unit = "ms", bs9, pm2, target }: Comparison): Figure {
  return {
    what,
    unit,
    value: median(bs9),
    peer: { name: "PM2", value: median(pm2) },
    target,
  };
}

/** Lowest, median and highest of the rounds: they show how noisy the machine is. */
export function spreadOf({ what, unit = "ms", bs9, pm2 }: Comparison): string {
  const spread = (values: number[]) => [Math.min(...values), median(values), Math.max(...values)].map((n) => n.toPrecision(3)).join(" … ");
  return `${what}: bs9 ${spread(bs9)} ${unit}, PM2 ${spread(pm2)} ${unit}, ${bs9.length} rounds`;
}

function median(values: number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const [below, above] = [sorted[Math.ceil(sorted.length / 2) - 1], sorted[middle]];
  return below === undefined || above === undefined ? Number.NaN : (below + above) / 2;
}
