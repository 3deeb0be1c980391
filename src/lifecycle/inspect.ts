// The audit before each start: what is critical refuses it, and nothing is written.
import type { Report, Reported } from "../audit/finding.ts";
import { refused } from "../base/errors.ts";
import { harmless } from "../base/text.ts";
import type { Spec } from "../service/spec.ts";

export type AuditFinding = Reported & { severity: "critical" | "warning" };

/** Only scripts can be read; what is executed as it is has no findings. Throws `refused`, unless the spec says `force`. */
export async function inspect(spec: Spec): Promise<AuditFinding[]> {
  if (spec.entry.kind !== "script") return [];
  // A parser is large, and what supervises executables needs none.
  const { audit } = await import("../audit/audit.ts");
  const report = await audit(spec.entry.path, spec.root);
  if (report.critical.length > 0 && !spec.force) {
    throw refused(`the audit finds ${report.critical.length === 1 ? "something" : `${report.critical.length} things`} critical`, {
      lead: `cannot start ${spec.name}`,
      details: report.critical.slice(0, maxTold).map(findingLine),
      hint: `mend it, allow the line by // bs9-allow RULE: reason, or start it with --force`,
    });
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
