// The log lines of services: from the journal, and from the services' own log files where they exist.
import { existsSync } from "node:fs";
import { join } from "node:path";
import type { LogQuery, LogRange, LogRecord } from "../../backend/backend.ts";
import type { Notice } from "../../backend/notice.ts";
import { unreadLogs } from "../../backend/unread-logs.ts";
import { hasEvents, readEvents } from "../../logs/events.ts";
import { logsFolder } from "../../logs/store/place.ts";
import { readLogs } from "../../logs/store/read.ts";
import { type LogReader, together } from "../../logs/together.ts";
import { pastGapNotice } from "./gaps.ts";
import { readJournal } from "./journal.ts";
import type { JournalDeps } from "./journalctl.ts";
import { journalNotices } from "./notices.ts";

/**
 * The journal contains what systemd reports about each service, and the lines from before a service got log files. What bs9
 * itself reports about a service is in a separate file, which may be created while the lines are followed.
 */
export function serviceLogs(query: LogQuery, state: string, deps: JournalDeps, signal: AbortSignal): AsyncIterable<LogRecord> {
  const root = logsFolder(state);
  const journal: LogReader = (asked, ends) => readJournal(asked, deps, ends);
  const files: LogReader = (asked, ends) => readLogs(root, asked, ends);
  const events: LogReader = (asked, ends) => readEvents(state, asked, ends);
  const hasFiles = query.eventsOnly !== true && query.services.some((name) => existsSync(join(root, name)));
  const places = [journal, ...(hasFiles ? [files] : []), ...(query.follow || hasEvents(state, query.services) ? [events] : [])];
  return places.length === 1 ? journal(query, signal) : together(places, query, signal);
}

/**
 * Reports what prevents log lines from being kept: in systemd's journal, if a service logs there, and in the log files of bs9.
 */
export async function logNotices(range: LogRange | null, state: string, deps: JournalDeps, signal: AbortSignal): Promise<Notice[]> {
  const root = logsFolder(state);
  const inFiles = range?.services.filter((name) => existsSync(join(root, name))) ?? [];
  const ofFiles = inFiles.length === 0 ? [] : [...unreadLogs(root, inFiles), coarseTimes(inFiles)];
  if (range !== null && inFiles.length > 0 && inFiles.length === range.services.length) return ofFiles;
  const [now, past] = await Promise.all([journalNotices(deps, range !== null), range === null ? null : pastGapNotice(range, deps, signal)]);
  return [...now, ...(past === null ? [] : [past]), ...ofFiles];
}

function coarseTimes(services: string[]): Notice {
  const names = services.join(", ");
  const what = `the time of each line of ${names} is when the agent (every second) or a bs9 command read the log files`;
  return { kind: "log-times", subject: names, what, fix: null };
}
