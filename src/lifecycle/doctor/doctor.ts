// Runs all checks of doctor and sorts their findings, the worst first.
import type { Finding, Severity } from "../../backend/finding.ts";
import { label, wishedDirectives } from "../../backend/sandbox.ts";
import { Bs9Error, reasonOf } from "../../base/errors.ts";
import { agentFindings } from "./agent.ts";
import { groupFindings } from "./groups.ts";
import type { DoctorInput } from "./input.ts";
import { logFindings } from "./log-files.ts";
import { clockFindings, diskFindings } from "./machine.ts";
import { modeFindings } from "./modes.ts";
import { lockFindings, pendingFindings } from "./pending.ts";
import { runtimeFindings } from "./runtimes.ts";
import { serviceFindings } from "./services.ts";
import { findings } from "./table.ts";
import { trailFindings } from "./trail.ts";
import { webFindings } from "./web.ts";

const order: Record<Severity, number> = { error: 0, warning: 1, note: 2 };

/** `ofHost` is what the backend's own checks of this machine found. */
export async function examine(input: Omit<DoctorInput, "specs">, ofHost: Finding[]): Promise<Finding[]> {
  const full: DoctorInput = { ...input, specs: input.registry.readable().specs };
  const checks = [
    sandbox,
    groupFindings,
    diskFindings,
    clockFindings,
    logFindings,
    modeFindings,
    lockFindings,
    pendingFindings,
    runtimeFindings,
    mistakeFindings,
    trailFindings,
    serviceFindings,
    agentFindings,
    webFindings,
  ];
  const found = await Promise.all(checks.map((check) => checked(() => check(full))));
  return [...ofHost, ...found.flat()].sort((a, b) => order[a.severity] - order[b.severity]);
}

const mistakeFindings = ({ mistakes }: DoctorInput): Finding[] => mistakes.map((mistake) => findings.config(mistake));

/** Turns the error of a check into a finding, so that the other checks are still made. */
async function checked(check: () => Finding[] | Promise<Finding[]>): Promise<Finding[]> {
  try {
    return await check();
  } catch (error) {
    const hint = error instanceof Bs9Error ? error.hint : undefined;
    return [findings.check({ reason: reasonOf(error), hint })];
  }
}

/** One finding for each reason: without user namespaces a dozen directives are missing at once. */
async function sandbox({ deps }: DoctorInput): Promise<Finding[]> {
  const withheld = deps === null ? [] : await deps.backend.withheld("standard").catch(() => []);
  const reasons = new Map<string, string[]>();
  for (const { directive, why } of withheld) reasons.set(why, [...(reasons.get(why) ?? []), directive]);
  const namesOf = (directives: string[]) => [...new Set(directives.map((one) => one.split("=")[0] ?? one))];
  return [...reasons].map(([why, directives]) =>
    findings.sandbox({
      // Without systemd these parts of the sandbox are never available, so their absence is only a warning.
      severity: deps?.backend.kind === "supervisor" ? "warning" : severityOf(directives),
      names: directives.length === 1 ? `${directives[0]}` : `${directives.length} parts of the sandbox: ${namesOf(directives).join(" ")}`,
      why,
      mend: withheld.find((one) => one.why === why)?.mend ?? "",
    }),
  );
}

/**
 * If only directives are missing that the profile does not promise, the sandbox is still complete: a note. Without user
 * namespaces no file is protected: an error.
 */
function severityOf(directives: string[]): Severity {
  const wished = wishedDirectives("standard").map(label);
  if (directives.every((directive) => wished.includes(directive))) return "note";
  return directives.some((directive) => directive.startsWith("PrivateUsers=")) ? "error" : "warning";
}
