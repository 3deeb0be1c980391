// The lines of services: from the journal, and from their own files where they have some.
import { existsSync } from "node:fs";
import { join } from "node:path";
import type { LogQuery, LogRange, LogRecord } from "../backend/backend.ts";
import { unreadStreams } from "../logs/store/place.ts";
import { read } from "../logs/store/read.ts";
import { type Lines, together } from "../logs/together.ts";
import { readJournal } from "./journal.ts";
import { pastGapNotice } from "./journal-gaps.ts";
import { journalNotices } from "./journal-notices.ts";
import type { JournalDeps } from "./journalctl.ts";

/** `root` is the folder of all log files. The journal has what systemd says of each service, and the lines from before it got files. */
export function serviceLogs(query: LogQuery, root: string, deps: JournalDeps, signal: AbortSignal): AsyncIterable<LogRecord> {
  const journal: Lines = (asked, ends) => readJournal(asked, deps, ends);
  if (!query.services.some((name) => existsSync(join(root, name)))) return journal(query, signal);
  return together([(asked, ends) => read(root, asked, ends), journal], query, signal);
}

/** What stands in the way of lines: in the journal where one of the services has its lines there, and in the files. */
export async function logNotices(range: LogRange | null, root: string, deps: JournalDeps, signal: AbortSignal): Promise<string[]> {
  const inFiles = range?.services.filter((name) => existsSync(join(root, name))) ?? [];
  const ofFiles =
    inFiles.length === 0
      ? []
      : [
          ...unreadStreams(root, inFiles),
          `lines of ${inFiles.join(", ")} have the time at which the agent, each second, or a bs9 command looked at their files`,
        ];
  if (range !== null && inFiles.length > 0 && inFiles.length === range.services.length) return ofFiles;
  const [now, past] = await Promise.all([journalNotices(deps, range !== null), range === null ? null : pastGapNotice(range, deps, signal)]);
  return [...now, ...(past === null ? [] : [past]), ...ofFiles];
}
