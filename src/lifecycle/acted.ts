// The result of start, stop, restart or delete for one service, and what the trail records of such a command for several
// services.
import { Bs9Error, type ErrorCode, exitStatus, whyOf } from "../base/errors.ts";
import type { Spec } from "../service/spec.ts";
import type { AuditFinding } from "./inspect.ts";
import type { Readiness } from "./ready.ts";
import type { ActResult } from "./recorded.ts";

export type Acted = {
  name: string;
  result: "started" | "unchanged" | "changed" | "stopped" | "restarted" | "deleted" | "failed";
  readiness: Readiness | null;
  /** Why the act failed; null if it did not. `lines` are then the last log lines of the service. */
  cause: string | null;
  lines: string[];
  code: ErrorCode;
  /** A command line or an action that may fix the failure; null if only the log of the service may show one. */
  hint: string | null;
  findings: AuditFinding[];
};

export function failure(name: string, error: unknown): Acted {
  const known = error instanceof Bs9Error ? error : null;
  // `whyOf` leaves out the lead, because the output names the service already.
  return {
    ...done({ name }, "failed"),
    cause: whyOf(error),
    lines: known?.details ?? [],
    code: known?.code ?? "failed",
    hint: known?.hint ?? null,
  };
}

export function done({ name }: Pick<Spec, "name">, result: Acted["result"]): Acted {
  return { name, result, readiness: null, cause: null, lines: [], code: "failed", hint: null, findings: [] };
}

export function actResultOf(acted: Acted[]): ActResult {
  const bad = acted.filter(({ result }) => result === "failed");
  const [first] = bad;
  if (first === undefined)
    return {
      message: acted.length > 0 && acted.every(({ result }) => result === "unchanged") ? "unchanged" : null,
      failed: [],
      exitStatus: exitStatus.done,
    };
  const { exitStatus: status } = new Bs9Error(bad.find(({ code }) => code === "refused")?.code ?? first.code, "");
  return {
    message: bad.length === 1 ? first.cause : bad.map(({ name, cause }) => `${name}: ${cause}`).join("; "),
    failed: bad.map(({ name }) => name),
    exitStatus: status,
  };
}
