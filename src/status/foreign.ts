// What others did to our units, in sentences; the same for `status` and `doctor`, and pure.
import type { Foreign } from "../backend/backend.ts";

export const olderSandbox = "sandbox of an older bs9; a restart applies the new one";

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
