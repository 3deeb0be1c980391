// The lines of services: from the journal, and from their own files where they have some.
import { existsSync } from "node:fs";
import { join } from "node:path";
import type { LogQuery, LogRecord } from "../backend/backend.ts";
import { read } from "../logs/store/read.ts";
import { type Lines, together } from "../logs/together.ts";
import { readJournal } from "./journal.ts";
import type { JournalDeps } from "./journalctl.ts";

/** `root` is the folder of all log files. The journal has what systemd says of each service, and the lines from before it got files. */
export function serviceLogs(query: LogQuery, root: string, deps: JournalDeps, signal: AbortSignal): AsyncIterable<LogRecord> {
  const journal: Lines = (asked, ends) => readJournal(asked, deps, ends);
  if (!query.services.some((name) => existsSync(join(root, name)))) return journal(query, signal);
  return together([(asked, ends) => read(root, asked, ends), journal], query, signal);
}
