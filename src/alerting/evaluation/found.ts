// What the certificates and the lines of services that were found mean for the rules on them. Pure.
import { harmless } from "../../base/text.ts";
import { hostName } from "../../metrics/subject.ts";
import { judgedCertificate } from "../certificates/certificate.ts";
import type { CertificatesByRule, MatchesByRule } from "../rules/facts.ts";
import { type CertificateRule, certificateName, invalidCertificateName, type PatternRule, patternName } from "../rules/rules.ts";
import type { Observation } from "./observed.ts";

const dayMs = 86_400_000;
/** A port that does not answer for a moment fires nothing, because its service may be starting. */
const missingForMs = 120_000;

/** Two observations, or none while nobody has looked: whether it expires soon, and whether clients refuse it now. */
export function certificateObserved(rule: CertificateRule, subject: string, found: CertificatesByRule = new Map()): Observation[] {
  const look = found.get(rule.name);
  if (look === undefined) return [];
  const leastMs = rule.days * dayMs;
  const judged = judgedCertificate(
    look.seen,
    { place: placeOf(rule, subject), leastMs, host: hostWanted(rule), allowUntrusted: rule.allowUntrusted },
    look.atMs,
  );
  const { leftMs, sentence, verdict } = judged;
  const shared = {
    subject,
    severity: rule.severity,
    value: leftMs,
    threshold: leastMs,
    unit: "ms",
    run: null,
    sinceMs: null,
    clearForMs: 0,
    sentence: () => sentence,
  } as const;
  const isRefused = verdict !== "good" && verdict !== "expires";
  return [
    {
      ...shared,
      rule: certificateName(rule.name),
      // While something else is wrong with it, or it is not there, nothing new is known of its time.
      condition: verdict === "expires" ? "breached" : verdict === "good" ? "clear" : "between",
      forMs: rule.forMs ?? 0,
    },
    {
      ...shared,
      rule: invalidCertificateName(rule.name),
      condition: isRefused ? "breached" : "clear",
      forMs: verdict === "missing" ? Math.max(rule.forMs ?? 0, missingForMs) : (rule.forMs ?? 0),
    },
  ];
}

function placeOf({ port, url, file }: CertificateRule, subject: string): string {
  const whose = subject === hostName ? "" : ` of ${subject}`;
  if (port !== undefined) return `the certificate on port ${port}${subject === hostName ? " of this host" : whose}`;
  return url === undefined
    ? `the certificate${whose} in ${harmless(file ?? "")}`
    : `the certificate${whose} at https://${new URL(url).host}`;
}

/** The name that the certificate has to be for; null: any name. */
export function hostWanted({ host, url }: Pick<CertificateRule, "host" | "url">): string | null {
  return host ?? (url === undefined ? null : new URL(url).hostname.replace(/^\[(.*)\]$/, "$1"));
}

const maxLine = 300;

export function patternObserved(
  { name, pattern, quiet, severity }: PatternRule,
  subject: string,
  matches: MatchesByRule = new Map(),
): Observation {
  const match = matches.get(name);
  const sentence = () => {
    const { line = "", count = 0, isGapped = false } = match ?? {};
    const more = count > 1 ? `, and ${count - 1} more` : "";
    const gap = isGapped ? "; lines before it were not searched, because they came faster than they can be" : "";
    return `${subject} wrote a line that matches /${harmless(pattern)}/${more}: ${harmless(line).slice(0, maxLine)}${gap}`;
  };
  return {
    rule: patternName(name),
    subject,
    condition: match === undefined ? "clear" : "breached",
    forMs: 0,
    clearForMs: quiet,
    severity,
    value: match?.count ?? 0,
    threshold: null,
    unit: "count",
    run: null,
    sinceMs: null,
    sentence,
  };
}
