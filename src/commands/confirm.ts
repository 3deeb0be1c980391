// Asks before what destroys; where there is nobody to ask, --yes has to be given.
import { createInterface } from "node:readline/promises";
import { Bs9Error, usage } from "../base/errors.ts";
import type { Context } from "../context.ts";

export async function confirm(question: string, context: Context): Promise<void> {
  if (context.settings.yes) return;
  if (process.stdin.isTTY !== true || process.stderr.isTTY !== true)
    throw usage("this destroys something and there is no terminal to ask on", { hint: "add --yes" });
  const dialog = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const answer = await dialog.question(`${question} [y/N] `, { signal: context.signal });
    if (!/^y(es)?$/i.test(answer.trim())) throw new Bs9Error("interrupted", "nothing was done");
  } finally {
    dialog.close();
  }
}
