// A notice as a line of text.
import type { Notice } from "../backend/notice.ts";

/** How the way out is announced. A kind that is not here is told without it: the line would say the same twice. */
const leads: { [kind in Notice["kind"]]?: string } = {
  "journal-down": "Start it: ",
  "journal-off": "Mend it: ",
  "journal-unreadable": "Mend it: ",
  "journal-empty": "See: ",
  "journal-drops": "Lift it: ",
  "socket-hidden": "",
};

export function noticeLine({ kind, what, fix }: Notice): string {
  const lead = leads[kind];
  return fix === null || lead === undefined ? what : `${what}. ${lead}${fix}`;
}
