// The type of a long proof: `npm run prove -- WORD` runs it, and prints its commands, its figures and their targets.

/** One measured value. `value` is the result of bs9: a median, a percentile or a count, as `what` says. */
export type Figure = {
  what: string;
  unit: string;
  value: number;
  /** The value of the same measurement for a peer, such as PM2, in the same run. */
  peer?: { name: string; value: number };
  /** Null where nothing is promised. */
  target: Target | null;
};

/** The promise of a figure. "ratio" compares value / peer.value. */
export type Target = { of: "value" | "ratio"; atMost: number } | { of: "value" | "ratio"; atLeast: number };

/** What a proof reports while it runs. */
export type Report = {
  /** A command as a reader could type it; printed once, however often the proof runs it. */
  command(line: string): void;
  /** A line of progress, on standard error. */
  say(line: string): void;
  figure(figure: Figure): void;
};

export type Proof = {
  /** The WORD of `npm run prove -- WORD`. */
  word: string;
  /** One sentence on what the proof shows. */
  what: string;
  /** The `what` of each figure that it reports, so that `--list` runs nothing. */
  figures: string[];
  /** Why this machine cannot run the proof, or null. */
  impossible(): string | null;
  run(report: Report): Promise<void>;
};
