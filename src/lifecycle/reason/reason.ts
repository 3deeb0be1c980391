// Says in one sentence why a service is not well. Pure.
import { formatAge } from "../../base/quantities.ts";
import { harmless } from "../../base/text.ts";
import type { Observed } from "../../status/schema.ts";
import type { SandboxHint } from "./sandbox-hint.ts";

/** Facts that explain why a service is not well, in addition to its observed state. */
export type Evidence = {
  /** True if its log could be read; else the reason says nothing about the log. */
  isLogRead: boolean;
  /** The line of its last run that names the error; null if none does. */
  errorLine: string | null;
  hint: SandboxHint | null;
  /** The user who stopped the service, and when; null if nobody did, or if the trail does not tell. */
  stopped: { by: string; atMs: number } | null;
};

export const noEvidence: Evidence = { isLogRead: false, errorLine: null, hint: null, stopped: null };

/**
 * Null if the service is well. Else one sentence without a full stop, such as `crashed 5 times, next start in 8 s: Error:
 * listen EADDRINUSE`, followed by what the sandbox has to do with it.
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
      return "systemd or the supervisor does not answer, so the state is not known";
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
  // If the service was restarted before, `end` says that bs9 has given it up, and why.
  return `${endings(observed)}, ${end ?? "given up"}${errorPart(null, evidence)}`;
}

function inactiveReason({ end }: Observed, { stopped }: Evidence, nowMs: number): string {
  if (stopped !== null) return `stopped by ${harmless(stopped.by)} ${formatAge(Math.max(0, nowMs - stopped.atMs))} ago`;
  if (end !== null) return end;
  // systemd unloads a unit that ended without an error, so this cannot be told from a service that was not started.
  return "ended without an error, or was not started since the boot";
}

/** Such as `crashed 5 times`; or `ended`, because with `--restart always` a clean exit is followed by a start too. */
function endings({ status, end }: Observed): string {
  // While the service waits for a restart, the count includes that restart already.
  const count = status.state === "activating" ? Math.max(1, status.restarts ?? 1) : (status.restarts ?? 0) + 1;
  const verb = end === "exited with 0" ? "ended" : "crashed";
  return `${verb} ${count === 1 ? "once" : `${count} times`}`;
}

function nextStart(atMs: number | null, nowMs: number): string {
  if (atMs === null) return "soon";
  const leftMs = atMs - nowMs;
  return leftMs < 1000 ? "at once" : `in ${Math.round(leftMs / 1000)} s`;
}

/** A signal, or running out of memory, is a cause by itself; an exit status means nothing without a line of the log. */
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
