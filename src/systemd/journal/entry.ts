// One journal entry -> a line of a service, what systemd says of it, or null for what is not shown.
import * as v from "valibot";
import type { LogRecord } from "../../backend/backend.ts";
import { stderrIdentifier, stdoutIdentifier, unitName } from "../unit/names.ts";
import type { JournalFields } from "./export.ts";
import { verdictOf } from "./words.ts";

/** Asked of journalctl by name: the other thirty fields of an entry are not even written. */
export const fieldNames = [
  "MESSAGE",
  "PRIORITY",
  "MESSAGE_ID",
  "EXIT_CODE",
  "EXIT_STATUS",
  "COMMAND",
  "SYSLOG_IDENTIFIER",
  "USER_UNIT",
  "_SYSTEMD_USER_UNIT",
  "_TRANSPORT",
];

const Entry = v.object({
  // Microseconds, beyond what the times of a Date can hold exactly only from the year 2255 on.
  __REALTIME_TIMESTAMP: v.pipe(v.string(), v.regex(/^\d{1,16}$/), v.transform(Number)),
  MESSAGE: v.optional(v.string(), ""),
  PRIORITY: v.optional(v.pipe(v.string(), v.regex(/^[0-7]$/), v.transform(Number))),
  MESSAGE_ID: v.optional(v.string()),
  EXIT_CODE: v.optional(v.string()),
  EXIT_STATUS: v.optional(v.string()),
  COMMAND: v.optional(v.string()),
  SYSLOG_IDENTIFIER: v.optional(v.string()),
  USER_UNIT: v.optional(v.string()),
  _SYSTEMD_USER_UNIT: v.optional(v.string()),
  _TRANSPORT: v.optional(v.string()),
});
type Entry = v.InferOutput<typeof Entry>;

/** Knows the services that were asked for, to tell whose an entry is. */
export function recordReader(services: string[]): (fields: JournalFields) => LogRecord | null {
  const byUnit = new Map(services.map((name) => [unitName(name), name]));
  const byIdentifier = new Map(
    services.flatMap((name) => [[stdoutIdentifier(name), name] as const, [stderrIdentifier(name), name] as const]),
  );
  return (fields) => {
    const parsed = v.safeParse(Entry, Object.fromEntries(fields));
    return parsed.success ? recordOf(parsed.output, byUnit, byIdentifier) : null;
  };
}

function recordOf(entry: Entry, byUnit: Map<string, string>, byIdentifier: Map<string, string>): LogRecord | null {
  const atMs = Math.floor(entry.__REALTIME_TIMESTAMP / 1000);
  const subject = byUnit.get(entry.USER_UNIT ?? "");
  if (subject !== undefined && isSystemd(entry, subject)) {
    const verdict = verdictOf(entry);
    return verdict === null ? null : { atMs, service: subject, stream: "bs9", priority: verdict.priority, message: verdict.sentence };
  }
  // The unit is missing where the process was gone before journald looked at it; the identifier is the stream's and stays.
  // One that another service gives itself to speak in this one's name does not count: what begins with _ is journald's own word.
  const owner = entry._SYSTEMD_USER_UNIT ?? "";
  const claimed = byIdentifier.get(entry.SYSLOG_IDENTIFIER ?? "");
  // A line of a stream may come when its process is gone and with it the unit; a datagram of one that is gone is nobody's.
  const mayClaim = owner === "" ? entry._TRANSPORT === "stdout" : byUnit.get(owner) === claimed;
  const identified = mayClaim ? claimed : undefined;
  const service = byUnit.get(owner) ?? identified;
  if (service === undefined) return null;
  return {
    atMs,
    service,
    stream: identified === service ? streamOf(entry, service) : null,
    priority: priorityOf(entry),
    message: entry.MESSAGE,
  };
}

/** The user manager, or the child in which it prepares a start, which calls itself `(program)`, in the unit's own cgroup. */
function isSystemd({ SYSLOG_IDENTIFIER: identifier, _SYSTEMD_USER_UNIT: owner }: Entry, subject: string): boolean {
  if (identifier === "systemd") return owner === "init.scope";
  return identifier?.startsWith("(") === true && (owner === unitName(subject) || owner === "init.scope");
}

function streamOf(entry: Entry, service: string): LogRecord["stream"] {
  if (entry._TRANSPORT !== "stdout") return null;
  return entry.SYSLOG_IDENTIFIER === stderrIdentifier(service) ? "stderr" : "stdout";
}

/** Of a stream 6 is what every line has that says nothing, `SyslogLevel=` in systemd.exec(5). */
function priorityOf(entry: Entry): number | null {
  if (entry.PRIORITY === undefined || (entry._TRANSPORT === "stdout" && entry.PRIORITY === 6)) return null;
  return entry.PRIORITY;
}
