// What the reader of a status should hear beside it: the subject, what is so, and what to do about it.
import * as v from "valibot";

const kinds = [
  // What stands in the way of log lines.
  "journal-down",
  "journal-off",
  "journal-unreadable",
  "journal-empty",
  "journal-drops",
  "log-gap",
  "log-file",
  "log-times",
  // What others did to our units.
  "unit-missing",
  "unit-edited",
  "unit-older",
  "unit-added",
  "unit-drop-ins",
  // What of a service cannot be had.
  "start-refused",
  "socket-hidden",
  "trail",
  "history",
  // What keeps the agent from its work.
  "storage",
  "agent",
] as const;

export const Notice = v.strictObject({
  kind: v.picklist(kinds),
  /** A service, or what else it is about: `journald`, `metrics.db`. */
  subject: v.string(),
  /** A sentence without a full stop. */
  what: v.string(),
  /** A command line, or an act in words; null where nothing is to be done. */
  fix: v.nullable(v.string()),
});
export type Notice = v.InferOutput<typeof Notice>;
