// A notice as a line of text.
import type { Notice } from "../backend/notice.ts";

/**
 * The words before the fix. For a kind that is not listed the fix is left out, because `what` or the output around it already
 * shows the fix.
 */
const leads: { [kind in Notice["kind"]]?: string } = {
  "journal-down": "Start it: ",
  "journal-off": "Fix: ",
  "journal-unreadable": "Fix: ",
  "journal-empty": "See: ",
  "journal-drops": "Fix: ",
  "socket-hidden": "",
};

export function noticeLine({ kind, what, fix }: Notice): string {
  const lead = leads[kind];
  return fix === null || lead === undefined ? what : `${what}. ${lead}${fix}`;
}
