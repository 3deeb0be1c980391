// Fills in why services are not well: from what was observed, from their logs, from the trail, and from what the sandbox leaves open.
import { harmless } from "../../base/text.ts";
import { levelOf } from "../../logs/level.ts";
import type { Spec } from "../../service/spec.ts";
import type { Deps } from "../deps.ts";
import type { Observed } from "../status.ts";
import { denialsIn } from "./denial.ts";
import { errorLine } from "./error-line.ts";
import { groundOf } from "./ground.ts";
import { type Evidence, noEvidence, reasonOf } from "./reason.ts";
import { type SandboxHint, sandboxHint } from "./sandbox-hint.ts";

/** Logs are read for so many services at most, and so many lines of each; the others have a reason without a line of their log. */
const maxLogs = 50;
const linesOfEach = 60;
const maxLineLength = 4096;
const logsMs = 2000;

type ExplainDeps = Pick<Deps, "backend" | "registry" | "trail" | "home" | "now">;

/** True for a service whose reason is not known without a look at its log or at the trail. */
export function isUnexplained({ status }: Observed): boolean {
  return status.reason === null && !(status.state === "active" && status.ready && status.health !== "unhealthy");
}

/** Sets the reason of each service that is not well. What cannot be read is left out, and nothing is thrown. */
export async function explain(observed: Observed[], deps: ExplainDeps): Promise<void> {
  const unwell = observed.filter(isUnexplained);
  if (unwell.length === 0) return;
  const withLogs = unwell.filter(needsLog).slice(0, maxLogs);
  const runs = await lastRuns(
    withLogs.map(({ status }) => status.name),
    deps,
  );
  for (const one of unwell) {
    const lines = runs.get(one.status.name) ?? null;
    const evidence: Evidence = {
      ...noEvidence,
      isLogRead: lines !== null,
      errorLine: lines === null ? null : errorLine(lines),
      hint: lines === null ? null : await hintByName(one.status.name, lines, deps),
      stopped: one.status.state === "inactive" ? stoppedBy(one.status.name, deps) : null,
    };
    one.status.reason = reasonOf(one, evidence, deps.now());
  }
}

function needsLog({ status, end }: Observed): boolean {
  return status.state === "failed" || (status.state === "activating" && (end !== null || (status.restarts ?? 0) > 0));
}

/** The hint on what a program says in these lines; null where the sandbox has nothing to do with it. */
export async function hintFor(spec: Spec, lines: string[], deps: Pick<Deps, "backend" | "home">): Promise<SandboxHint | null> {
  const denials = denialsIn(lines);
  if (denials.length === 0 || spec.sandbox.profile === "off") return null;
  try {
    const ground = await groundOf(spec, deps);
    return ground === null ? null : sandboxHint(spec, denials, ground);
  } catch {
    return null; // what a program writes takes no command down
  }
}

/** What an error says about the hint, and what it tells the reader to try. */
export function toldBy(hint: SandboxHint | null, name: string): { details: string[]; hint: string | null } {
  if (hint === null) return { details: [], hint: null };
  return { details: [hint.what], hint: hint.option === null ? hint.advice : `bs9 start ${name} ${hint.option}` };
}

async function hintByName(name: string, lines: string[], deps: ExplainDeps): Promise<SandboxHint | null> {
  const [spec] = deps.registry.readable([name]).specs;
  return spec === undefined ? null : hintFor(spec, lines, deps);
}

/** What each service wrote in its last run that wrote anything. Null where the logs cannot be read in time. */
async function lastRuns(names: string[], { backend }: Pick<Deps, "backend">): Promise<Map<string, string[]>> {
  const runs = new Map<string, { lines: string[]; hasEnded: boolean }>(names.map((name) => [name, { lines: [], hasEnded: false }]));
  if (names.length === 0) return new Map();
  const query = { services: names, lines: names.length * linesOfEach, sinceMs: null, untilMs: null, follow: false };
  try {
    for await (const { service, stream, priority, message } of backend.logs(query, AbortSignal.timeout(logsMs))) {
      const run = runs.get(service);
      if (run === undefined) continue;
      if (stream === "bs9") {
        run.hasEnded = true;
        continue;
      }
      if (run.hasEnded) Object.assign(run, { lines: [], hasEnded: false });
      run.lines.push(plainLine(priority, message));
    }
  } catch {
    return new Map();
  }
  return new Map([...runs].map(([name, { lines }]) => [name, lines]));
}

/** A line without colours, control characters, and what only tells its level. */
export function plainLine(priority: number | null, message: string): string {
  return harmless(Bun.stripANSI(levelOf(priority, message).message)).slice(0, maxLineLength);
}

/** The last act on it, where that was a stop. */
function stoppedBy(name: string, { trail }: Pick<Deps, "trail">): Evidence["stopped"] {
  try {
    const [stop, start, restart] = ["stop", "start", "restart"].map((act) => trail.last(act, name));
    if (stop == null) return null;
    const stoppedMs = Date.parse(stop.at);
    const startedMs = Math.max(...[start, restart].map((record) => (record == null ? 0 : Date.parse(record.at))));
    return stoppedMs > startedMs ? { by: stop.who.user, atMs: stoppedMs } : null;
  } catch {
    return null; // a trail that cannot be read tells nothing
  }
}
