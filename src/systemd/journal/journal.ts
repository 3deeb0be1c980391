// Reads the log lines of services from journald: the last lines, a range, or new lines as they arrive.
import type { LogQuery, LogRecord } from "../../backend/backend.ts";
import { cutLine } from "../../logs/query.ts";
import { stderrIdentifier, stdoutIdentifier, unitName } from "../unit/names.ts";
import { fieldNames, recordReader } from "./entry.ts";
import type { JournalFields } from "./export.ts";
import { type JournalDeps, journalEntries } from "./journalctl.ts";

/** When the AbortSignal is aborted, the reading ends without an error, and its journalctl is ended too. */
export async function* readJournal(query: LogQuery, deps: JournalDeps, signal: AbortSignal): AsyncGenerator<LogRecord> {
  if (query.services.length === 0 || (query.sinceMs ?? 0) > (query.untilMs ?? Number.POSITIVE_INFINITY)) return;
  const read = recordReader(query.services);
  const shown = (fields: JournalFields): LogRecord | null => {
    const record = read(fields);
    return record !== null && query.accept?.(record) !== false ? cutLine(record, query.maxMessageLength) : null;
  };
  const matches = matchesOf(query.services, deps.uid, query.eventsOnly === true);
  const range = rangeOf(query);
  const entries = (options: string[]) => journalEntries([`--output-fields=${fieldNames.join(",")}`, ...options, ...matches], deps, signal);

  if (query.lines === null) {
    yield* records(entries(query.follow ? ["--follow", "--no-tail", ...range] : range), shown);
    return;
  }
  const tail = await tailOf(entries(["--reverse", ...range]), shown, query.lines);
  yield* tail.records;
  if (!query.follow || signal.aborted) return;
  query.caughtUp?.();
  // journalctl accepts only one starting point. Where no entry existed, every entry that arrives is new.
  const from = tail.newest === null ? range : [`--after-cursor=${tail.newest}`];
  yield* records(entries(["--follow", "--no-tail", ...from]), shown);
}

async function* records(
  entries: AsyncIterable<JournalFields>,
  shown: (fields: JournalFields) => LogRecord | null,
): AsyncGenerator<LogRecord> {
  for await (const fields of entries) {
    const record = shown(fields);
    if (record !== null) yield record;
  }
}

/** Reads backwards until there are enough lines: `-n` would also count entries that are not shown. */
async function tailOf(entries: AsyncIterable<JournalFields>, shown: (fields: JournalFields) => LogRecord | null, lines: number) {
  const found: LogRecord[] = [];
  let newest: string | null = null;
  for await (const fields of entries) {
    newest ??= fields.get("__CURSOR") ?? null;
    if (found.length >= lines) break;
    const record = shown(fields);
    if (record !== null && found.push(record) >= lines) break;
  }
  return { records: found.reverse(), newest };
}

/**
 * Selects entries by fields and not by `--user -u`, which shows nothing to root, and leaves out lines whose process ended
 * before journald looked up its unit. Values of one field are alternatives, all fields of a group must match, and `+` separates
 * groups (journalctl(1)).
 */
function matchesOf(services: string[], uid: number, eventsOnly: boolean): string[] {
  const user = `_UID=${uid}`;
  // The messages of systemd about the unit, without Starting, Started and Scheduled, which have priority 6.
  const events = [
    ...services.map((name) => `USER_UNIT=${unitName(name)}`),
    ...[0, 1, 2, 3, 4, 5].map((priority) => `PRIORITY=${priority}`),
    user,
  ];
  if (eventsOnly) return events;
  return [
    ...services.map((name) => `_SYSTEMD_USER_UNIT=${unitName(name)}`),
    user,
    "+",
    ...services.flatMap((name) => [`SYSLOG_IDENTIFIER=${stdoutIdentifier(name)}`, `SYSLOG_IDENTIFIER=${stderrIdentifier(name)}`]),
    user,
    "+",
    ...events,
  ];
}

/** Both ends are included. A line at 12.3456 s counts as 12.345 s, because it is shown so. */
function rangeOf({ sinceMs, untilMs }: LogQuery): string[] {
  const seconds = (ms: number) => (Math.max(0, ms) / 1000).toFixed(3);
  return [...(sinceMs === null ? [] : [`--since=@${seconds(sinceMs)}`]), ...(untilMs === null ? [] : [`--until=@${seconds(untilMs)}999`])];
}
