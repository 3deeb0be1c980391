// Says in one sentence why a service is not well. Pure.
import { formatAge } from "../../base/quantities.ts";
import { harmless } from "../../base/text.ts";
import type { Observed } from "../../status/schema.ts";
import type { SandboxHint } from "./sandbox-hint.ts";

/** What was found out about a service beside what was observed of it. */
export type Evidence = {
  /** True where its log could be read; without it nothing is said about what the log holds. */
  isLogRead: boolean;
  /** The line of its last run that names the error; null where none does. */
  errorLine: string | null;
  hint: SandboxHint | null;
  /** Who has stopped it, and when; null where nobody has, or the trail does not tell. */
  stopped: { by: string; atMs: number } | null;
};

export const noEvidence: Evidence = { isLogRead: false, errorLine: null, hint: null, stopped: null };

/**
 * Null where the service is well. Else one sentence without a full stop, such as `crashed 5 times, next start in 8 s:
 * Error: listen EADDRINUSE`, and behind it what the sandbox has to do with it.
 */
export function serviceReason(observed: Observed, evidence: Evidence, nowMs: number): string | null {
  const reason = stateReason(observed, evidence, nowMs);
  return reason === null ? null : `${reason}${sandboxPart(observed.status.name, evidence.hint)}`;
}

function stateReason(observed: Observed, evidence: Evidence, nowMs: number): string | null {
  const { status, end, unwell, nextStartMs } = observed;
  switch (status.state) {
    case "active":
      if (status.health === "unhealthy") {
        const since = unwell === null ? "" : ` for ${formatAge(Math.max(0, nowMs - unwell.sinceMs))}: ${harmless(unwell.reason)}`;
        return `unhealthy${since}`;
      }
      return status.ready ? null : `does not listen on port ${status.port}`;
    case "activating":
      if (end === null && (status.restarts ?? 0) === 0) return "is starting";
      return `${endings(observed)}, next start ${nextStart(nextStartMs, nowMs)}${errorPart(end, evidence)}`;
    case "deactivating":
      return "is stopping";
    case "failed":
      return failedReason(observed, evidence);
    case "inactive":
      return inactiveReason(observed, evidence, nowMs);
    case "unknown":
      return "what runs it does not answer, so its state is not known";
  }
}

function failedReason(observed: Observed, evidence: Evidence): string {
  const { status, end, outcome } = observed;
  if (outcome !== null) {
    const cause = harmless(outcome.cause.replace(/^cannot start \S+: /, ""));
    return `did not come up: ${cause}${errorPart(cause, evidence)}`;
  }
  const restarts = status.restarts ?? 0;
  if (restarts === 0) return `${end ?? "ended"}${errorPart(end, evidence)}`;
  // `end` says then that bs9 gave up, and why.
  return `${endings(observed)}, ${end ?? "given up"}${errorPart(null, evidence)}`;
}

function inactiveReason({ end }: Observed, { stopped }: Evidence, nowMs: number): string {
  if (stopped !== null) return `stopped by ${harmless(stopped.by)} ${formatAge(Math.max(0, nowMs - stopped.atMs))} ago`;
  if (end !== null) return end;
  // systemd forgets a unit that ended well, and nothing else of a service.
  return "ended without an error, or was not started since the boot";
}

/** `crashed 5 times`; a service that ended well is started again, too, where its policy is `always`. */
function endings({ status, end }: Observed): string {
  // A restart that is delayed counts already.
  const count = status.state === "activating" ? Math.max(1, status.restarts ?? 1) : (status.restarts ?? 0) + 1;
  const verb = end === "exited with 0" ? "ended" : "crashed";
  return `${verb} ${count === 1 ? "once" : `${count} times`}`;
}

function nextStart(atMs: number | null, nowMs: number): string {
  if (atMs === null) return "soon";
  const leftMs = atMs - nowMs;
  return leftMs < 1000 ? "at once" : `in ${Math.round(leftMs / 1000)} s`;
}

/** A signal, or memory that ran out, is a cause by itself; an exit status says nothing without the line that goes with it. */
function errorPart(end: string | null, { isLogRead, errorLine }: Evidence): string {
  const isByItself = end !== null && /^(?:killed\b|exited with 0$|refused to run)|\(exit \d+\)/.test(end);
  if (errorLine !== null && !isByItself) return `: ${errorLine}`;
  if (isByItself || !isLogRead) return "";
  return "; the cause is not known, its log names no error";
}

function sandboxPart(name: string, hint: SandboxHint | null): string {
  if (hint === null) return "";
  return `; ${hint.what}; ${hint.option === null ? hint.advice : `try: bs9 start ${name} ${hint.option}`}`;
}
