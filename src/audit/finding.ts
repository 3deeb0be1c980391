// The rules of the audit, the severity of each, and the report.

type Severity = "critical" | "warning";

const severityOf = {
  eval: "critical",
  "function-constructor": "critical",
  exec: "critical",
  native: "critical",
  "env-in-command": "warning",
  shell: "warning",
  secret: "warning",
  "world-writable": "warning",
  unparsed: "warning",
  unread: "warning",
  allow: "warning",
} as const satisfies Record<string, Severity>;

export type Rule = keyof typeof severityOf;

/** A finding without its file; line and column count from 1. */
export type Found = {
  rule: Rule;
  message: string;
  line: number;
  column: number;
  /** In generated code no finding is critical, because the user did not write that code. */
  isGenerated?: boolean;
};

export type Reported = Found & { file: string };

export type Report = {
  critical: Reported[];
  warning: Reported[];
  /** The number of source files that were read. */
  files: number;
  /** The number of imported packages, which were not read. */
  packages: number;
  /** The number of files whose only use of the system is `fs`. */
  fsOnly: number;
};

export function isRule(word: string): word is Rule {
  return Object.hasOwn(severityOf, word);
}

/** Builds the report from findings in any order: each once, sorted by file, line and column. */
export function reportOf(findings: readonly Reported[], counts: Pick<Report, "files" | "packages" | "fsOnly">): Report {
  const sorted = findings.toSorted(byPlace);
  const report: Report = { critical: [], warning: [], ...counts };
  let last: Reported | undefined;
  for (const finding of sorted) {
    const { rule, message, file, line, column, isGenerated } = finding;
    const severity = isGenerated === true ? "warning" : severityOf[rule];
    if (last === undefined || byPlace(last, finding) !== 0) report[severity].push({ rule, message, file, line, column });
    last = finding;
  }
  return report;
}

// The rule is compared last, so that the same rule at the same place counts as one finding.
function byPlace(a: Reported, b: Reported): number {
  return compare(a.file, b.file) || a.line - b.line || a.column - b.column || compare(a.rule, b.rule);
}

// Compares texts by code units and not with localeCompare(), because the order must be the same on every host.
function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
