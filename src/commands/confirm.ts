// Asks the user before an act that destroys something. Without a terminal --yes must be given instead.
import { createInterface } from "node:readline/promises";
import { Bs9Error, usage } from "../base/errors.ts";
import type { Context } from "../context.ts";

export async function confirm(question: string, context: Context): Promise<void> {
  if (context.settings.yes) return;
  if (process.stdin.isTTY !== true || process.stderr.isTTY !== true)
    throw usage(`there is no terminal to ask on: ${question}`, { hint: "the same command with --yes" });
  const dialog = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const answer = await dialog.question(`${question} [y/N] `, { signal: context.signal });
    if (!/^y(es)?$/i.test(answer.trim())) throw new Bs9Error("interrupted", "nothing was done");
  } finally {
    dialog.close();
  }
}

/** Asks the user to choose one of several actions; undefined if the user chooses none. With `--yes` the first one is chosen. */
export async function choose<W extends { word: string }>(question: string, ways: W[], context: Context): Promise<W | undefined> {
  if (context.settings.yes) return ways[0];
  if (process.stdin.isTTY !== true || process.stderr.isTTY !== true)
    throw usage("this needs an answer, but there is no terminal to ask on", { hint: "add --yes" });
  const dialog = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const list = ways.map(({ word }, i) => `${i + 1} ${word}`).join(", ");
    const answer = await dialog.question(`${question} [${list}, or Enter to leave it] `, { signal: context.signal });
    return ways[Number(answer.trim()) - 1];
  } finally {
    dialog.close();
  }
}
