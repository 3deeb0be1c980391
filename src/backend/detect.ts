// Decides which kind of backend runs services here. Pure, except for the check for systemd.
import { existsSync } from "node:fs";
import { noBackend, usage } from "../base/errors.ts";

export type BackendKind = "systemd" | "supervisor";

export type Signs = {
  /** `BS9_BACKEND`, the explicit choice of the user. */
  asked: string | undefined;
  hasSystemd: boolean;
  /** The backend of the services in the registry; null where it has no services yet. */
  recorded: BackendKind | null;
};

/**
 * Decides which backend to use. Unless `BS9_BACKEND` chooses one, throws if the services were defined on the other backend,
 * because they would run twice.
 */
export function detect({ asked, hasSystemd, recorded }: Signs): BackendKind {
  if (asked) {
    if (asked !== "systemd" && asked !== "supervisor") throw usage(`BS9_BACKEND must be systemd or supervisor (got '${asked}')`);
    return asked;
  }
  const here = hasSystemd ? "systemd" : "supervisor";
  if (recorded !== null && recorded !== here)
    throw noBackend(`the defined services were started on ${named[recorded]}, but this machine would use ${named[here]}`, {
      hint: "BS9_BACKEND=supervisor bs9 status",
    });
  return here;
}

const named: Record<BackendKind, string> = { systemd: "systemd", supervisor: "bs9's own supervisor" };

/** sd_booted(3) */
export const isBooted = (): boolean => existsSync("/run/systemd/system");
