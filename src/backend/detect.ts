// Decides which kind of backend runs services here.
import { existsSync } from "node:fs";
import { noBackend, usage } from "../base/errors.ts";
import type { Registry } from "../service/registry.ts";

export type BackendKind = "systemd" | "supervisor";

/**
 * Decides which backend to use; `asked` is `BS9_BACKEND`, the explicit choice of the user. Without it, throws if the services
 * were defined on the other backend, because they would run twice.
 */
export function detect(asked: string | undefined, registry: Pick<Registry, "recordedBackend">): BackendKind {
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

const named: Record<BackendKind, string> = { systemd: "systemd", supervisor: "bs9's own supervisor" };

/** sd_booted(3) */
export const isBooted = (): boolean => existsSync("/run/systemd/system");
