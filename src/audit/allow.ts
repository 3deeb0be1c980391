// A comment `// bs9-allow RULE: reason` suppresses a finding on one line.
import type * as t from "@babel/types";
import { type Found, isRule } from "./finding.ts";

/** Removes the findings that comments of the file allow, and adds a warning for each comment that allows nothing. */
export function applyAllowances(found: readonly Found[], { allowed, faults }: Allowances): Found[] {
  return [...found.filter(({ rule, line }) => allowed.get(line)?.has(rule) !== true), ...faults];
}

export type Allowances = { allowed: Map<number, Set<string>>; faults: Found[] };

/** The allowed rules by line. A comment alone on its line applies to the following line. */
export function allowancesIn(comments: readonly t.Comment[], text: string): Allowances {
  const allowed: Allowances["allowed"] = new Map();
  const faults: Found[] = [];
  const alone = new Set<number>();
  const pending: { rule: string; line: number; isAlone: boolean }[] = [];
  for (const comment of comments) {
    const match = /^[\s*]*bs9-allow(?![\w-])([^\n]*)/.exec(comment.value);
    const start = comment.loc?.start;
    const end = comment.loc?.end;
    if (match === null || start === undefined || end === undefined) continue;
    const [rule = "", ...reason] = (match[1] ?? "").split(":").map((part) => part.trim());
    const fault = faultOf(rule, reason.join(":"));
    if (fault !== null) faults.push({ rule: "allow", message: fault, line: start.line, column: start.column + 1 });
    else {
      const isAlone = isBlank(text, start.index - start.column, start.index) && isBlank(text, end.index, end.index + 1000);
      if (isAlone) for (let line = start.line; line <= end.line; line++) alone.add(line);
      pending.push({ rule, line: isAlone ? end.line + 1 : start.line, isAlone });
    }
  }
  for (const { rule, line, isAlone } of pending) {
    let meant = line;
    // Several such comments may stand above the same line.
    while (isAlone && alone.has(meant)) meant++;
    allowed.set(meant, (allowed.get(meant) ?? new Set()).add(rule));
  }
  return { allowed, faults };
}

function faultOf(rule: string, reason: string): string | null {
  if (!isRule(rule))
    return rule === ""
      ? "bs9-allow names no rule and allows nothing; write // bs9-allow RULE: reason"
      : `bs9-allow names an unknown rule (${JSON.stringify(rule.slice(0, 40))}) and allows nothing`;
  return reason === "" ? `bs9-allow ${rule} gives no reason and allows nothing; write // bs9-allow ${rule}: reason` : null;
}

// Returns true if the text from `from` on contains only white space up to the end of the line.
function isBlank(text: string, from: number, to: number): boolean {
  return (/[^\n\r]*/.exec(text.slice(from, to))?.[0] ?? "").trim() === "";
}
