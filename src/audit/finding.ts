// What the audit can say: its rules, how grave each is, and the report they end in.

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

/** A finding before it is known in which file; line and column count from 1. */
export type Found = {
  rule: Rule;
  message: string;
  line: number;
  column: number;
  /** In generated code nothing is critical: whoever runs it did not write it. */
  isGenerated?: boolean;
};

export type Reported = Found & { file: string };

export type Report = {
  critical: Reported[];
  warning: Reported[];
  /** Source files that were read. */
  files: number;
  /** Packages that are imported and were not read. */
  packages: number;
  /** Files among `files` whose only use of the system is `fs`. */
  fsOnly: number;
};

export function isRule(word: string): word is Rule {
  return Object.hasOwn(severityOf, word);
}

/** The report of findings in any order, each once, by file, line and column. */
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

// The rule comes last, so that the same place with the same rule counts as the same finding.
function byPlace(a: Reported, b: Reported): number {
  return compare(a.file, b.file) || a.line - b.line || a.column - b.column || compare(a.rule, b.rule);
}

// Not localeCompare: the order must be the same on every host.
function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
