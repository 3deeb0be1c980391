// Finds out why services are not well: from their observed state, their logs, the trail, and what the sandbox denies.
import { harmless } from "../../base/text.ts";
import { levelOf } from "../../logs/level.ts";
import type { Spec } from "../../service/spec.ts";
import type { Observed } from "../../status/schema.ts";
import type { Deps } from "../deps.ts";
import { denialsIn } from "./denial.ts";
import { errorLine } from "./error-line.ts";
import { hostViewOf } from "./host-view.ts";
import { type Evidence, noEvidence, serviceReason } from "./reason.ts";
import { type SandboxHint, sandboxHint } from "./sandbox-hint.ts";

/** Logs of at most `maxLogs` services are read, `linesOfEach` lines of each; other services get a reason without a log line. */
const maxLogs = 20;
const linesOfEach = 60;
const maxLineLength = 4096;
const logsMs = 2000;
const readersAtOnce = 4;

export type ExplainDeps = Pick<Deps, "backend" | "registry" | "trail" | "home" | "now">;

/** True for a service whose reason has to be found in its log or in the trail. */
export function isUnexplained({ status }: Observed): boolean {
  return status.reason === null && !(status.state === "active" && status.ready && status.health !== "unhealthy");
}

/** Sets the reason of each service that is not well. Logs or records that cannot be read are left out; nothing is thrown. */
export async function explain(observed: Observed[], deps: ExplainDeps): Promise<void> {
  const unwell = observed.filter(isUnexplained);
  const evidence = await evidenceOf(unwell, deps);
  for (const one of unwell) one.status.reason = serviceReason(one, evidence.get(one.status.name) ?? noEvidence, deps.now());
}

/** What logs and the trail tell about each of these services, by name. Logs or records that cannot be read are left out. */
export async function evidenceOf(unwell: readonly Observed[], deps: ExplainDeps): Promise<Map<string, Evidence>> {
  const found = new Map<string, Evidence>();
  if (unwell.length === 0) return found;
  const withLogs = unwell.filter(needsLog).slice(0, maxLogs);
  const runs = await lastRuns(
    withLogs.map(({ status }) => status.name),
    deps,
  );
  const inactive = unwell.filter(({ status }) => status.state === "inactive");
  const stopped = stoppedBy(
    inactive.map(({ status }) => status.name),
    deps,
  );
  for (const { status } of unwell) {
    const lines = runs.get(status.name) ?? null;
    found.set(status.name, {
      ...noEvidence,
      isLogRead: lines !== null,
      errorLine: lines === null ? null : errorLine(lines),
      hint: lines === null ? null : await hintByName(status.name, lines, deps),
      stopped: stopped.get(status.name) ?? null,
    });
  }
  return found;
}

function needsLog({ status, end }: Observed): boolean {
  return status.state === "failed" || (status.state === "activating" && (end !== null || (status.restarts ?? 0) > 0));
}

/** A hint if these lines of a program report an error that the sandbox caused; else null. */
export async function hintFor(spec: Spec, lines: string[], deps: Pick<Deps, "backend" | "home">): Promise<SandboxHint | null> {
  const denials = denialsIn(lines);
  if (denials.length === 0 || spec.sandbox.profile === "off") return null;
  try {
    const host = await hostViewOf(spec, deps);
    return host === null ? null : sandboxHint(spec, denials, host);
  } catch {
    return null; // the output of a program must not make a command fail
  }
}

/** Converts a hint about the sandbox to the details and the hint of an error. */
export function toldBy(hint: SandboxHint | null, name: string): { details: string[]; hint: string | null } {
  if (hint === null) return { details: [], hint: null };
  return { details: [hint.what], hint: hint.option === null ? hint.advice : `bs9 start ${name} ${hint.option}` };
}

async function hintByName(name: string, lines: string[], deps: ExplainDeps): Promise<SandboxHint | null> {
  const [spec] = deps.registry.readable([name]).specs;
  return spec === undefined ? null : hintFor(spec, lines, deps);
}

/** The lines of each service's last run that wrote any. A service whose log cannot be read in time is left out. */
async function lastRuns(names: string[], deps: Pick<Deps, "backend">): Promise<Map<string, string[]>> {
  const runs = new Map<string, string[]>();
  const waiting = [...names];
  const signal = AbortSignal.timeout(logsMs);
  const readers = Array.from({ length: Math.min(readersAtOnce, names.length) }, async () => {
    for (let name = waiting.shift(); name !== undefined; name = waiting.shift()) {
      const lines = await lastRun(name, deps, signal).catch(() => null);
      // Lines that were read before the timeout may be incomplete, so they are dropped.
      if (lines !== null && !signal.aborted) runs.set(name, lines);
    }
  });
  await Promise.all(readers);
  return runs;
}

async function lastRun(name: string, { backend }: Pick<Deps, "backend">, signal: AbortSignal): Promise<string[]> {
  const query = { services: [name], lines: linesOfEach, sinceMs: null, untilMs: null, follow: false };
  let lines: string[] = [];
  let hasEnded = false;
  for await (const { stream, priority, message } of backend.logs(query, signal)) {
    if (stream === "bs9") hasEnded = true;
    else {
      if (hasEnded) lines = [];
      hasEnded = false;
      lines.push(plainLine(priority, message));
    }
  }
  return lines;
}

/** A line without colours, control characters, and the prefix that gives its level. */
export function plainLine(priority: number | null, message: string): string {
  return harmless(Bun.stripANSI(levelOf(priority, message).message)).slice(0, maxLineLength);
}

/**
 * For each service whose last act was a stop: who stopped it, and when. The trail is read once for all services, from its end
 * until the last act on each of them is known.
 */
function stoppedBy(names: string[], { trail }: Pick<Deps, "trail">): Map<string, NonNullable<Evidence["stopped"]>> {
  const stopped = new Map<string, NonNullable<Evidence["stopped"]>>();
  const asked = new Set(names);
  if (names.length === 0) return stopped;
  try {
    for (const { act, targets, result, who, at } of trail.newestFirst()) {
      if (act !== "stop" && act !== "start" && act !== "restart") continue;
      for (const name of targets) {
        if (result.failed.includes(name) || !asked.delete(name)) continue;
        if (act === "stop") stopped.set(name, { by: who.user, atMs: Date.parse(at) });
      }
      if (asked.size === 0) break;
    }
  } catch {
    return new Map(); // a trail that cannot be read must not make a command fail
  }
  return stopped;
}
