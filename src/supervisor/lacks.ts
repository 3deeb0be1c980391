// Lists the directives of a sandbox profile that are missing without systemd. Pure.
import { isBooted } from "../backend/detect.ts";
import { lackOfNarrowed, type Narrowed } from "../backend/narrowed.ts";
import { type Directive, isOfHome, label, profileDirectives } from "../backend/sandbox.ts";
import type { Missing } from "../backend/verdict.ts";
import type { SandboxProfile } from "../service/spec.ts";

/** Landlock replaces these directives: it makes the system read-only and home directories inaccessible. */
const isByLandlock = (directive: Directive) => directive.name === "ProtectSystem" || isOfHome(directive);
/** The launcher sets these two at every start, whatever the profile. */
const always = new Set(["NoNewPrivileges", "UMask"]);

/** One entry stands for all paths, because connect(2) to a socket in the file system is not an access right of Landlock. */
const sockets = {
  directive: "InaccessiblePaths",
  why: "Landlock does not restrict connections to sockets in the file system: the service can connect to each socket that its user may connect to, such as that of the system bus, or of Docker for a member of the group docker",
  mend: "run it where systemd is available; remove the user from the groups that bs9 doctor names",
};

/** Access rights that later versions of Landlock added (landlock(7)). */
const later = [{ version: 3, directive: "Landlock: truncate", mend: "use Linux 6.2 or later" }];

/** `version` is the version of Landlock; 0 means that the kernel has none. */
export function lackOf(profile: SandboxProfile, version: number, narrowed: Narrowed = null, hasSystemd = isBooted()): Missing[] {
  if (profile === "off") return [];
  const ofSystemd = profileDirectives(profile)
    .filter(({ name }) => name !== sockets.directive && !always.has(name))
    .filter((directive) => version === 0 || !isByLandlock(directive))
    .map((directive) => ({
      directive: label(directive),
      why: hasSystemd
        ? "only systemd can do this, and BS9_BACKEND chose the supervisor"
        : "only systemd can do this, and this machine runs without systemd",
      mend: hasSystemd ? "start the service without BS9_BACKEND" : "run it where systemd is available, or in a container that isolates it",
    }));
  const ofLandlock = later.filter((one) => version > 0 && version < one.version);
  return [
    ...ofSystemd,
    sockets,
    ...ofLandlock.map(({ directive, mend }) => ({
      directive,
      why: `version ${version} of Landlock, which this kernel has, does not enforce it`,
      mend,
    })),
    ...lackOfNarrowed(narrowed),
    ...(version === 0 ? [] : namesBeside(narrowed)),
  ];
}

/** A Landlock rule applies to a directory and everything below it, so the names of files beside the entry stay visible. */
function namesBeside(narrowed: Narrowed): Missing[] {
  if (narrowed === null) return [];
  const why = "a runtime has to list the directory of its entry, and so sees the names, not the contents, of all files in it and below";
  return [{ directive: "Landlock: names of files", why, mend: "move the project to a directory of its own" }];
}
