// Notices for the reader of a status: the subject, what is wrong, and what to do about it.
import * as v from "valibot";

const kinds = [
  // Kinds of notices: log lines are not kept, or cannot be read.
  "journal-down",
  "journal-off",
  "journal-unreadable",
  "journal-empty",
  "journal-drops",
  "log-gap",
  "log-file",
  "log-times",
  // Kinds of notices: somebody else has changed the units of bs9.
  "unit-missing",
  "unit-edited",
  "unit-older",
  "unit-added",
  "unit-drop-ins",
  // Kinds of notices: a service, or a part of it, is not available.
  "start-refused",
  "socket-hidden",
  "trail",
  "history",
  // Kinds of notices: the agent cannot do its work.
  "storage",
  "agent",
  "alerts",
] as const;

export const Notice = v.strictObject({
  kind: v.picklist(kinds),
  /** The name of a service, or another subject: `journald`, `metrics.db`. */
  subject: v.string(),
  /** A sentence without a full stop. */
  what: v.string(),
  /** A command line, or an action in words; null where nothing needs to be done. */
  fix: v.nullable(v.string()),
});
export type Notice = v.InferOutput<typeof Notice>;
