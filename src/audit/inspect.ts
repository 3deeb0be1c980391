// Reads one file's text for all that can be said without the others.
import { type Allowances, allowancesIn } from "./allow.ts";
import { constantsOf } from "./constant.ts";
import { type Exported, exportsOf } from "./exports.ts";
import type { Found } from "./finding.ts";
import { judge, type Suspect } from "./judge.ts";
import { Meanings } from "./meaning.ts";
import type { Parser } from "./parse.ts";
import { namedSecrets, namedSecretsInJson, tokensIn } from "./secrets.ts";
import { placeOf } from "./tree.ts";
import { walk } from "./walk.ts";
import { applyWrites } from "./write.ts";

export type Reading = {
  found: Found[];
  /** Calls of what other files export; link.ts says what they are. */
  suspects: Suspect[];
  imports: ReadonlySet<string>;
  exported: Exported;
  allowances: Allowances;
};

/** Pure: the same text gives the same reading. */
export function inspect(text: string, file: string, parse: Parser): Reading {
  const reading: Reading = {
    found: tokensIn(text),
    suspects: [],
    imports: new Set(),
    exported: { names: new Map(), stars: [] },
    allowances: { allowed: new Map(), faults: [] },
  };
  if (/\.jsonc?$/i.test(file)) return addNamed(reading, namedSecretsInJson(text));
  const { tree, problem } = parse(text, file);
  if (problem !== null) {
    const { message, line, column } = problem;
    reading.found.push({
      rule: "unparsed",
      message: `the file does not parse, so the audit may have missed what it does: ${message}`,
      line,
      column,
    });
  }
  if (tree === null) return reading;
  reading.allowances = allowancesIn(tree.comments ?? [], text);
  const walked = walk(tree.program);
  applyWrites(walked);
  const meanings = new Meanings(walked.functions);
  const { found, suspects, imports } = judge(walked.calls, meanings);
  // Not push(...found): a hundred thousand arguments are more than a call may have.
  reading.found = reading.found.concat(found);
  reading.suspects = suspects;
  const loaded = walked.loads.flatMap(({ node, scope }) => constantsOf(node, scope)).filter((specifier) => specifier !== undefined);
  reading.imports = new Set([...walked.imports, ...loaded, ...imports]);
  reading.exported = exportsOf(walked, meanings);
  if (meanings.exhausted)
    reading.found.push({ rule: "unread", message: "the file is too tangled to be followed to its end", ...placeOf(tree.program) });
  return addNamed(reading, namedSecrets(walked.strings));
}

// A value that is a token by its shape too is said once.
function addNamed(reading: Reading, named: readonly Found[]): Reading {
  const lines = new Set(reading.found.filter(({ rule }) => rule === "secret").map(({ line }) => line));
  reading.found = reading.found.concat(named.filter(({ line }) => !lines.has(line)));
  return reading;
}
