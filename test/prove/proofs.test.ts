// The long proofs as a whole: each figure has one name, and README states only figures that a proof measures.
import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { holds, list, text } from "./print.ts";
import type { Figure, Proof } from "./proof.ts";
import { proofs } from "./proofs.ts";

const readme = readFileSync(join(import.meta.dir, "../../README.md"), "utf8");

test("each proof has a word of its own, and no two proofs report the same figure", () => {
  const words = proofs.map(({ word }) => word);
  const figures = proofs.flatMap((proof) => proof.figures);
  expect(words.length).toBe(new Set(words).size);
  expect(figures.length).toBe(new Set(figures).size);
});

test("each row in README's table of figures names a word of `npm run prove` that measures this figure", () => {
  const section = /^## Figures\n([\s\S]*?)^## /m.exec(readme)?.[1] ?? "";
  const rows = [...section.matchAll(/^\| (?!figure|-)([^|]+?) *\|.*\| `([a-z0-9-]+)` *\|$/gm)].map(([, figure = "", word = ""]) => [
    word,
    figure,
  ]);
  expect(rows.length).toBeGreaterThan(5);
  const known = proofs.flatMap(({ word, figures }) => figures.map((figure) => [word, figure]));
  for (const row of rows) expect(known).toContainEqual(row);
});

const proof: Proof = { word: "w", what: "a sample", figures: ["a", "b"], impossible: () => null, run: async () => {} };
const figure = (value: number, target: Figure["target"], peer?: number): Figure => ({
  what: "a",
  unit: "ms",
  value,
  target,
  ...(peer === undefined ? {} : { peer: { name: "PM2", value: peer } }),
});

test.each<[Figure, boolean]>([
  [figure(5, null), true],
  [figure(5, { of: "value", atMost: 5 }), true],
  [figure(6, { of: "value", atMost: 5 }), false],
  [figure(4, { of: "value", atLeast: 5 }), false],
  [figure(5, { of: "ratio", atMost: 0.5 }, 10), true],
  [figure(6, { of: "ratio", atMost: 0.5 }, 10), false],
  [figure(Number.NaN, { of: "value", atMost: 5 }), false],
  // A ratio without a peer does not count as kept.
  [figure(5, { of: "ratio", atMost: 0.5 }), false],
])("comparing a figure with its target gives the right result: %j", (one, expected) => expect(holds(one)).toBe(expected));

test("the printed result of a proof contains its commands, its figures, their targets, and what is missing", () => {
  const figures = [figure(5, { of: "ratio", atMost: 0.4 }, 10)];
  const lines = text({ proof, commands: ["bs9 status"], figures, missing: "no value for b" });
  expect(lines).toEqual([
    "w: a sample",
    "  $ bs9 status",
    expect.stringMatching(/^FIGURE +BS9 +PEER +RATIO +TARGET/),
    expect.stringMatching(/^a +5 ms +10 ms \(PM2\) +0\.500 +ratio <= 0\.4 +MISSED$/),
    "not shown: no value for b",
    "",
  ]);
  expect(list([proof])).toEqual(["w: a sample", "  a", "  b"]);
});
