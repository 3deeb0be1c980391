// The audit before each start: a critical finding refuses the start before anything is written.
import type { Report, Reported } from "../audit/finding.ts";
import { refused } from "../base/errors.ts";
import { harmless } from "../base/text.ts";
import type { Spec } from "../service/spec.ts";

export type AuditFinding = Reported & { severity: "critical" | "warning" };

/** Only scripts can be audited. Throws an error on a critical finding, unless the spec has `force`. */
export async function inspect(spec: Spec): Promise<AuditFinding[]> {
  if (spec.entry.kind !== "script") return [];
  // Imported only here, because the parser is large and executables do not need it.
  const { audit } = await import("../audit/audit.ts");
  const report = await audit(spec.entry.path, spec.root);
  if (report.critical.length > 0 && !spec.force) {
    throw refused(
      `the audit finds ${report.critical.length === 1 ? "a critical problem" : `${report.critical.length} critical problems`}`,
      {
        lead: `cannot start ${spec.name}`,
        details: report.critical.slice(0, maxTold).map(findingLine),
        hint: `correct the code, allow the line with // bs9-allow RULE: reason, or start with --force`,
      },
    );
  }
  return findingsOf(report);
}

function findingsOf(report: Report): AuditFinding[] {
  const of = (severity: AuditFinding["severity"]) => report[severity].slice(0, maxFindings).map((finding) => ({ severity, ...finding }));
  return [...of("critical"), ...of("warning")];
}

export function findingLine({ file, line, column, rule, message }: Reported): string {
  return `${harmless(file)}:${line}:${column} ${rule}: ${harmless(message)}`;
}

const maxTold = 10;
const maxFindings = 200;
