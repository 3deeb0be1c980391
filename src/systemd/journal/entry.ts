// Makes a log line or a report of systemd from one journal entry; null for an entry that is not shown.
import * as v from "valibot";
import type { LogRecord } from "../../backend/backend.ts";
import { stderrIdentifier, stdoutIdentifier, unitName } from "../unit/names.ts";
import type { JournalFields } from "./export.ts";
import { unitEndMessage } from "./words.ts";

/** Only these fields are requested from journalctl, so that it does not print the other thirty of each entry. */
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
  // Microseconds. Exact as a number until the year 2255.
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

/** `services` are the services that were asked for; an entry of another service gives null. */
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
    const verdict = unitEndMessage(entry);
    return verdict === null ? null : { atMs, service: subject, stream: "bs9", priority: verdict.priority, message: verdict.sentence };
  }
  // journald does not know the unit where the process ended before journald looked it up; the identifier belongs to the stream
  // and stays. An identifier that another service sets to impersonate this service does not count: fields that begin with _ are
  // set by journald.
  const owner = entry._SYSTEMD_USER_UNIT ?? "";
  const claimed = byIdentifier.get(entry.SYSLOG_IDENTIFIER ?? "");
  // A line on a stream may arrive after its process, and so its unit, is gone. A datagram without a unit could come from
  // anyone.
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

/**
 * The user manager, or the child process in which it prepares a start: that child calls itself `(program)` and runs in the
 * cgroup of the unit.
 */
function isSystemd({ SYSLOG_IDENTIFIER: identifier, _SYSTEMD_USER_UNIT: owner }: Entry, subject: string): boolean {
  if (identifier === "systemd") return owner === "init.scope";
  return identifier?.startsWith("(") === true && (owner === unitName(subject) || owner === "init.scope");
}

function streamOf(entry: Entry, service: string): LogRecord["stream"] {
  if (entry._TRANSPORT !== "stdout") return null;
  return entry.SYSLOG_IDENTIFIER === stderrIdentifier(service) ? "stderr" : "stdout";
}

/**
 * journald gives lines of a stream priority 6 unless they say otherwise (`SyslogLevel=` in systemd.exec(5)), so 6 says nothing.
 */
function priorityOf(entry: Entry): number | null {
  if (entry.PRIORITY === undefined || (entry._TRANSPORT === "stdout" && entry.PRIORITY === 6)) return null;
  return entry.PRIORITY;
}
