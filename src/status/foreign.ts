// Turns changes by others to the units of bs9 into notices, for `status` and `doctor` alike. Pure.
import type { Foreign } from "../backend/backend.ts";
import type { Notice } from "../backend/notice.ts";

export const olderSandbox = "sandbox of an older bs9; a restart applies the new one";

export function foreignNotice(foreign: Foreign): Notice {
  const { name, kind } = foreign;
  return { kind: `unit-${kind}`, subject: name, what: foreignSentence(foreign), fix: fixOf(foreign) };
}

/**
 * Notices about units that name bs9 as their owner but have no spec. They do not belong to a service, so a snapshot lists them
 * separately.
 */
export const addedNotices = (foreign: Foreign[]): Notice[] => foreign.filter(({ kind }) => kind === "added").map(foreignNotice);

export function foreignSentence({ name, kind, files }: Foreign): string {
  switch (kind) {
    case "missing":
      return `the unit of ${name} was removed by hand: ${files[0]}`;
    case "edited":
      return `the unit of ${name} was edited by hand: ${files[0]}`;
    case "older":
      return `${name}: ${olderSandbox}`;
    case "added":
      return `a unit has the mark of bs9, and there is no such service: ${files[0]}`;
    case "drop-ins":
      return `${name} has drop-ins that bs9 did not write: ${files.join(" ")}`;
  }
}

function fixOf({ name, kind }: Foreign): string {
  if (kind === "older") return `bs9 restart ${name}`;
  return kind === "drop-ins" ? `systemctl --user cat ${name}.service` : "bs9 doctor";
}
