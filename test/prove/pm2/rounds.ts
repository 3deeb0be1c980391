// One action by bs9 and by a peer in turn, several rounds of it, and the figure from these rounds.
import type { Figure, Target } from "../proof.ts";

export type Comparison = {
  what: string;
  /** Milliseconds by default. */
  unit?: "ms" | "MB" | "s" | "lines";
  /** One value per round. */
  bs9: number[];
  peer: number[];
  /** PM2 by default. */
  peerName?: string;
  target: Target | null;
};

/** The promise that bs9 needs at most this share of what its peer needs. */
export const atMostOf = (share: number): Target => ({ of: "ratio", atMost: share });

export function figureOf({ what, unit = "ms", bs9, peer, peerName = "PM2", target }: Comparison): Figure {
  return {
    what,
    unit,
    value: median(bs9),
    peer: { name: peerName, value: median(peer) },
    target,
  };
}

/** Lowest, median and highest value of the rounds, which show how noisy the machine is. */
export function spreadOf({ what, unit = "ms", bs9, peer, peerName = "PM2" }: Comparison): string {
  const spread = (values: number[]) => [Math.min(...values), median(values), Math.max(...values)].map((n) => n.toPrecision(3)).join(" … ");
  return `${what}: bs9 ${spread(bs9)} ${unit}, ${peerName} ${spread(peer)} ${unit}, ${bs9.length} rounds`;
}

function median(values: number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const [below, above] = [sorted[Math.ceil(sorted.length / 2) - 1], sorted[middle]];
  return below === undefined || above === undefined ? Number.NaN : (below + above) / 2;
}
