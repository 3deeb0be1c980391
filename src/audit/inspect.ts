// Inspects the text of one file for everything that can be found without other files.
import { type Allowances, allowancesIn } from "./allow.ts";
import type { ValueLookup } from "./command.ts";
import type { Found } from "./finding.ts";
import type { Judged } from "./flow.ts";
import { flowOf } from "./follow.ts";
import { generatedBecause } from "./generated.ts";
import type { Exported } from "./link.ts";
import type { Parser } from "./parse.ts";
import { importedBy } from "./platform.ts";
import { type Danger, dangers } from "./rules.ts";
import { namedSecrets, namedSecretsInJson, tokensIn, tokensInTexts } from "./secrets.ts";
import { placeOf, spelled } from "./tree.ts";
import { walk } from "./walk.ts";

/** A call of a name that another file exports: `would` has the findings for each thing that the name may turn out to be. */
export type Suspect = { ref: string; would: ReadonlyMap<string, Found[]> };

export type SourceReading = {
  found: Found[];
  suspects: Suspect[];
  imports: ReadonlySet<string>;
  exported: readonly Exported[];
  allowances: Allowances;
};

/** Pure: the same text gives the same result. */
export function inspectSource(text: string, file: string, parse: Parser): SourceReading {
  const reading: SourceReading = {
    found: tokensIn(text),
    suspects: [],
    imports: new Set(),
    exported: [],
    allowances: { allowed: new Map(), faults: [] },
  };
  if (/\.jsonc?$/i.test(file)) return addOnce(reading, namedSecretsInJson(text));
  const { tree, problem } = parse(text, file);
  if (problem !== null) {
    const { message, line, column } = problem;
    reading.found.push({
      rule: "unparsed",
      message: `the file cannot be parsed, so the audit may have missed dangerous code in it: ${message}`,
      line,
      column,
    });
  }
  if (tree === null) return reading;
  reading.allowances = allowancesIn(tree.comments ?? [], text);
  const walked = walk(tree.program);
  const flow = flowOf(walked);
  const generated = generatedBecause(text);
  const look: ValueLookup = { constants: flow.constants, mayBe: (node, ref) => flow.mayBe(node, ref) };
  for (const judged of flow.judged) judge(judged, look, generated, reading);
  reading.imports = flow.imports;
  reading.exported = flow.exported;
  if (flow.isExhausted)
    reading.found.push({
      rule: "unread",
      message: "the code is too complex for the audit to follow it to its end",
      ...placeOf(tree.program),
    });
  const texts = walked.texts.map((node) => ({ text: flow.constants.text(node) ?? "", ...placeOf(node) }));
  const named = walked.named.map(({ key, value }) => ({
    name: spelled(key, false) ?? "",
    text: flow.constants.text(value) ?? "",
    ...placeOf(value),
  }));
  addOnce(reading, tokensInTexts(texts));
  return addOnce(reading, namedSecrets(named));
}

type Generated = ReturnType<typeof generatedBecause>;

function judge(judged: Judged, look: ValueLookup, generated: Generated, reading: SourceReading): void {
  if (importedBy(judged.ref) === undefined) {
    for (const found of broken(dangers.get(judged.ref) ?? [], judged, look, generated)) reading.found.push(found);
    return;
  }
  const would = new Map<string, Found[]>();
  for (const [ref, rules] of dangers) {
    const found = broken(rules, judged, look, generated);
    if (found.length > 0) would.set(ref, found);
  }
  reading.suspects.push({ ref: judged.ref, would });
}

function broken(rules: readonly Danger[], { node, given }: Judged, look: ValueLookup, generated: Generated): Found[] {
  return rules
    .filter(({ when }) => when(given, look))
    .map(({ rule, message }) => {
      const place = placeOf(node);
      const reason = generated(place.line);
      return reason === null ? { rule, message, ...place } : { rule, message: `${message} (${reason})`, ...place, isGenerated: true };
    });
}

// A value that is already reported as a secret is not reported a second time.
function addOnce(reading: SourceReading, secrets: readonly Found[]): SourceReading {
  const lines = new Set(reading.found.filter(({ rule }) => rule === "secret").map(({ line }) => line));
  // concat instead of push(...found), because a call cannot have a hundred thousand arguments.
  reading.found = reading.found.concat(secrets.filter(({ line }) => !lines.has(line)));
  return reading;
}
