// What of a sandbox profile there is not without systemd; pure.
import { label, profileDirectives } from "../backend/sandbox.ts";
import type { Missing } from "../backend/verdict.ts";
import type { SandboxProfile } from "../service/spec.ts";

/** Landlock stands in for these: the system cannot be written to, and homes not be read. */
const byLandlock = new Set(["ProtectSystem", "ProtectHome"]);
/** As on every start. */
const always = new Set(["NoNewPrivileges", "UMask"]);

export function lackOf(profile: SandboxProfile, shuts: boolean): Missing[] {
  if (profile === "off") return [];
  return profileDirectives(profile)
    .filter(({ name }) => !always.has(name) && !(shuts && byLandlock.has(name)))
    .map((directive) => ({
      directive: label(directive),
      why: "it takes systemd, which does not run this machine",
      mend: "run it on a machine with systemd, or shut in by its container",
    }));
}
