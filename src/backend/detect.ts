// Decides which kind of backend runs services here.
import { existsSync } from "node:fs";
import { noBackend, usage } from "../base/errors.ts";
import type { Registry } from "../service/registry.ts";

export type BackendKind = "systemd" | "supervisor";

type Environment = Record<string, string | undefined>;

/**
 * Decides which backend to use. Unless `BS9_BACKEND` chooses one, throws if the services were defined on the other backend,
 * because they would run twice.
 */
export function detect(env: Environment, registry: Pick<Registry, "recordedBackend">): BackendKind {
  const asked = env["BS9_BACKEND"];
  if (asked) {
    if (asked !== "systemd" && asked !== "supervisor") throw usage(`BS9_BACKEND must be systemd or supervisor (got '${asked}')`);
    return asked;
  }
  const here = isBooted() ? "systemd" : "supervisor";
  const recorded = registry.recordedBackend();
  if (recorded !== null && recorded !== here)
    throw noBackend(`the defined services were started on ${named[recorded]}, but this machine would use ${named[here]}`, {
      hint: "BS9_BACKEND=supervisor bs9 status",
    });
  return here;
}

/**
 * Decides for `bs9 run`, which is the supervisor itself. Throws on a machine with systemd, unless `BS9_BACKEND` chooses the
 * supervisor or this process is PID 1. `hint` is the command line that starts the same services on systemd.
 */
export function chooseSupervisor(env: Environment, hint: string): void {
  if (isBooted() && env["BS9_BACKEND"] !== "supervisor" && process.pid !== 1)
    throw usage("systemd runs this machine, and keeps services up by itself", { hint });
  env["BS9_BACKEND"] = "supervisor";
}

const named: Record<BackendKind, string> = { systemd: "systemd", supervisor: "bs9's own supervisor" };

/** sd_booted(3) */
export const isBooted = (): boolean => existsSync("/run/systemd/system");
