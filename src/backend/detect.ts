// Says which kind of backend runs services here; pure but for the one sign of systemd.
import { existsSync } from "node:fs";
import { noBackend, usage } from "../base/errors.ts";

export type Kind = "systemd" | "supervisor";

export type Signs = {
  /** `BS9_BACKEND`: the user's own word. */
  asked: string | undefined;
  hasSystemd: boolean;
  /** What the services of the registry are on; null where there are none yet. */
  recorded: Kind | null;
};

/** Throws where the services are on another backend than would be taken now: they would run twice. */
export function detect({ asked, hasSystemd, recorded }: Signs): Kind {
  if (asked) {
    if (asked !== "systemd" && asked !== "supervisor") throw usage(`BS9_BACKEND cannot be '${asked}': systemd and supervisor are possible`);
    return asked;
  }
  const here = hasSystemd ? "systemd" : "supervisor";
  if (recorded !== null && recorded !== here)
    throw noBackend(`the services here were started on ${named[recorded]}, and this machine offers ${named[here]}`, {
      hint: "BS9_BACKEND=supervisor bs9 status",
    });
  return here;
}

const named: Record<Kind, string> = { systemd: "systemd", supervisor: "bs9's own supervisor" };

/** sd_booted(3) */
export const isBooted = (): boolean => existsSync("/run/systemd/system");
