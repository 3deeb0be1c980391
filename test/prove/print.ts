// Formats the result of a proof as text.
import { table } from "../../src/base/table.ts";
import type { Figure, Proof, Target } from "./proof.ts";

/** `missing` says why the proof did not run or did not end; null where it ran to its end. */
export type Shown = { proof: Proof; commands: string[]; figures: Figure[]; missing: string | null };

/** True where the figure keeps its promise, and where nothing is promised. */
export function holds({ value, peer, target }: Figure): boolean {
  if (target === null) return true;
  const judged = target.of === "value" ? value : value / (peer?.value ?? Number.NaN);
  return "atMost" in target ? judged <= target.atMost : judged >= target.atLeast;
}

export function text({ proof, commands, figures, missing }: Shown): string[] {
  const columns = [{ title: "FIGURE" }, ...["BS9", "PEER", "RATIO", "TARGET"].map((title) => ({ title, right: true })), { title: "" }];
  const rows = figures.map((figure) => {
    const { what, unit, value, peer, target } = figure;
    const verdict = target === null ? "" : holds(figure) ? "holds" : "MISSED";
    return [
      what,
      `${number(value)} ${unit}`,
      peer === undefined ? "" : `${number(peer.value)} ${unit} (${peer.name})`,
      peer === undefined ? "" : (value / peer.value).toFixed(3),
      target === null ? "" : promise(target),
      verdict,
    ];
  });
  return [
    `${proof.word}: ${proof.what}`,
    ...commands.map((command) => `  $ ${command}`),
    ...(figures.length === 0 ? [] : table(columns, rows)),
    ...(missing === null ? [] : [`not shown: ${missing}`]),
    "",
  ];
}

/** The output of `--list`: every proof, and below it its figures. */
export function list(proofs: Proof[]): string[] {
  return proofs.flatMap(({ word, what, figures }) => [`${word}: ${what}`, ...figures.map((figure) => `  ${figure}`)]);
}

function promise(target: Target): string {
  const bound = "atMost" in target ? `<= ${target.atMost}` : `>= ${target.atLeast}`;
  return target.of === "ratio" ? `ratio ${bound}` : bound;
}

function number(value: number): string {
  return Number.isInteger(value) || value >= 100 ? value.toFixed(0) : value.toFixed(value < 10 ? 2 : 1);
}
