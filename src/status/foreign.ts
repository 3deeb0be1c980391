// What others did to our units, as notices; the same for `status` and `doctor`, and pure.
import type { Foreign } from "../backend/backend.ts";
import type { Notice } from "../backend/notice.ts";

export const olderSandbox = "sandbox of an older bs9; a restart applies the new one";

export function foreignNotice(foreign: Foreign): Notice {
  const { name, kind } = foreign;
  return { kind: `unit-${kind}`, subject: name, what: foreignSentence(foreign), fix: fixOf(foreign) };
}

/** Units with the mark of bs9 and without a spec: they belong to no service, so that a snapshot lists them by themselves. */
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
      return `${name} has settings that bs9 did not make: ${files.join(" ")}`;
  }
}

function fixOf({ name, kind }: Foreign): string {
  if (kind === "older") return `bs9 restart ${name}`;
  return kind === "drop-ins" ? `systemctl --user cat ${name}.service` : "bs9 doctor";
}
