// bs9 doctor: reports what this host lacks and what is wrong with the files of bs9, each with a fix.
import type { Finding, Severity } from "../backend/finding.ts";
import { exitStatus, reasonOf, usage } from "../base/errors.ts";
import type { Style } from "../base/terminal.ts";
import { harmless } from "../base/text.ts";
import type { Context } from "../context.ts";
import { examine } from "../lifecycle/doctor/doctor.ts";
import { runningWebs } from "../web/running.ts";
import type { Command, Result } from "./command.ts";
import { choose } from "./confirm.ts";
import { flagOf } from "./options.ts";

export const doctorCommand: Command = {
  name: "doctor",
  synopsis: "",
  summary: "report what this host lacks, each with the command line that fixes it",
  options: [
    {
      flags: "--fix",
      text: "fix what does not need root, and remove unused files; asks before it replaces a unit that was edited by hand",
    },
  ],
  examples: ["bs9 doctor", "bs9 doctor --fix", "bs9 doctor --json"],
  exits: [1],
  async run({ words, options }, context): Promise<Result> {
    if (words.length > 0) throw usage("doctor takes no arguments", { hint: "bs9 doctor" });
    const before = await findingsHere(context, { trims: true });
    const outcomes = flagOf(options, "fix") ? await mend(before, context) : [];
    return resultOf(outcomes.length === 0 ? before : await findingsHere(context, { trims: true }), outcomes);
  },
};

type Outcome = { id: string; what: string; did: string | null; trouble: string | null };

/** Everything that doctor finds here, whether or not a backend can be opened. Changes nothing unless `trims`: then it trims log files. */
export async function findingsHere(context: Context, { trims }: { trims: boolean }): Promise<Finding[]> {
  const { paths, registry, config, trail } = context;
  const ofHost = await context.hostFindings();
  // Where the user manager does not run, opening the backend would enable linger, which only --fix may do.
  const isDown = ofHost.some(({ id }) => id === "systemd" || id === "user-manager");
  const deps = isDown ? null : await context.deps();
  if (deps !== null && trims) await context.trimLogs();
  const webs = await runningWebs(paths.state);
  return examine({ paths, registry, mistakes: config.mistakes, verifyTrail: () => trail.verify(), deps, webs }, ofHost);
}

/** Applies the fixes in turn. A fix that fails does not prevent the others. */
async function mend(findings: Finding[], context: Context): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  for (const { id, what, fix } of findings) {
    if (fix === null) continue;
    try {
      const way = fix.question === null ? fix.ways[0] : await choose(fix.question, fix.ways, context);
      if (way !== undefined) outcomes.push({ id, what, did: await way.run(), trouble: null });
    } catch (error) {
      outcomes.push({ id, what, did: null, trouble: reasonOf(error) });
    }
  }
  return outcomes;
}

function resultOf(findings: Finding[], outcomes: Outcome[]): Result {
  const count = (severity: Severity) => findings.filter((one) => one.severity === severity).length;
  return {
    value: { findings: findings.map(({ fix, ...rest }) => ({ ...rest, fixable: fix !== null })), fixed: outcomes },
    names: findings.map(({ id }) => id),
    text: (style) => [
      ...outcomes.map((one) => outcomeLine(one, style)),
      ...(outcomes.length > 0 && findings.length > 0 ? [""] : []),
      ...findings.flatMap((one) => lines(one, style)),
      summary(findings, style),
    ],
    exitStatus: count("error") > 0 ? exitStatus.failed : exitStatus.done,
  };
}

function outcomeLine({ what, did, trouble }: Outcome, style: Style): string {
  return did === null
    ? `${style.red("not fixed")} ${harmless(what)}: ${harmless(trouble ?? "")}`
    : `${style.green("fixed")} ${harmless(did)}`;
}

function lines({ severity, what, why, mend: way }: Finding, style: Style): string[] {
  const colour = { error: style.red, warning: style.yellow, note: style.dim }[severity];
  return [`${colour(severity.padEnd(7))}  ${harmless(what)}`, `         ${style.dim(harmless(why))}`, `         fix: ${harmless(way)}`];
}

function summary(findings: Finding[], style: Style): string {
  const parts = (["error", "warning", "note"] as const).flatMap((severity) => {
    const count = findings.filter((one) => one.severity === severity).length;
    return count === 0 ? [] : [`${count} ${severity}${count === 1 ? "" : "s"}`];
  });
  if (parts.length === 0) return style.green("No problems found.");
  const fixable = findings.filter(({ fix }) => fix !== null).length;
  return `${parts.join(", ")}.${fixable === 0 ? "" : ` bs9 doctor --fix fixes ${fixable} of them.`}`;
}
