// Reads metrics.db while another process writes it.
import type { Database } from "bun:sqlite";
import { statSync } from "node:fs";
import { errnoOf, failed } from "../../base/errors.ts";
import { shellWord } from "../../base/text.ts";
import { defaultKeeping, type Keeping } from "../../config/keeping.ts";
import type { SubjectKind } from "../../metrics/subject.ts";
import { levelsOf } from "../levels.ts";
import type { StorageReader } from "../storage.ts";
import { isDamage, openToRead, whyNot } from "./database.ts";
import { momentsOf, newestOf, type Present, rowsOf, seriesOf, storedServices, watchesIn } from "./query.ts";
import { pointSourceOf } from "./read.ts";
import { lastHeads, loadEntries } from "./recent.ts";
import { loadNames } from "./schema.ts";

export function openSqliteReader(path: string, keeping: Keeping = defaultKeeping): StorageReader {
  const levels = levelsOf(keeping);
  let open: { db: Database; inode: number } | null = null;

  /** The open database; opened again if the file was created or replaced since the last call. Null while there is no file. */
  const database = () => {
    const inode = statSync(path, { throwIfNoEntry: false })?.ino ?? null;
    if (open !== null && open.inode !== inode) {
      open.db.close();
      open = null;
    }
    const db = open === null && inode !== null ? openToRead(path) : null;
    if (db !== null && inode !== null) open = { db, inode };
    return open;
  };

  const told = <T>(ask: (present: Present | null) => T): T => {
    try {
      const found = database();
      if (found === null) return ask(null);
      // One transaction, so that everything is read from one state of the file. It ends before the caller waits for anything.
      return found.db.transaction(() => {
        const { db } = found;
        const source = (kind: SubjectKind) =>
          pointSourceOf({ db, kind, heads: lastHeads(db, kind, levels.length), levels }, (level, asked) =>
            loadEntries(db, kind, level, asked),
          );
        return ask({ db, names: loadNames(db), sources: { service: source("service"), host: source("host") } });
      })();
    } catch (error) {
      throw said(error);
    }
  };

  /** Turns an error of SQLite into a sentence; returns any other error unchanged. */
  const said = (error: unknown): unknown => {
    if (isDamage(error)) return failed(`cannot read ${path}: it is damaged`, { hint: "bs9 doctor", cause: error });
    const isOfSqlite = errnoOf(error)?.startsWith("SQLITE_") === true;
    return isOfSqlite ? failed(`cannot read ${path}: ${whyNot(error)}`, { hint: `ls -ld ${shellWord(path)}`, cause: error }) : error;
  };

  return {
    services: async () => told((present) => (present === null ? [] : storedServices(present))),
    newest: async (subject) => told((present) => (present === null ? null : newestOf(present, subject))),
    series: async (subject, range, stepMs) => told((present) => (present === null ? [] : seriesOf(present, subject, range, stepMs))),
    watches: async (service, range) => told((present) => (present === null ? [] : watchesIn(present, service, range))),
    moments: async (range, stepMs) => told((present) => (present === null ? [] : momentsOf(present, range, stepMs))),
    async *rows(range, subject) {
      const present = told((one) => one);
      if (present === null) return;
      try {
        yield* rowsOf(present, range, subject);
      } catch (error) {
        throw said(error);
      }
    },
    close: async () => {
      open?.db.close();
      open = null;
    },
  };
}
