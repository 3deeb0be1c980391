// Storage in metrics.db, for the process that writes it. Each tick is one transaction, so that a kill loses that tick at most.
import type { Database } from "bun:sqlite";
import { closeSync, statfsSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { Bs9Error, failed } from "../../base/errors.ts";
import { makeFolder } from "../../base/files.ts";
import { takeLock } from "../../base/lock.ts";
import { defaultKeeping, type Keeping } from "../../config/keeping.ts";
import type { SubjectKind } from "../../metrics/subject.ts";
import { levelsOf } from "../levels.ts";
import type { Storage, Stored } from "../storage.ts";
import { appendTick } from "./append.ts";
import { isDamage, isDatabase, openToWrite, setAside, whyNot } from "./database.ts";
import { momentsOf, newestOf, type Present, rowsOf, seriesOf, storedServices, watchesIn } from "./query.ts";
import { pointSourceOf } from "./read.ts";
import { loadEntries, loadRecents, type Recents } from "./recent.ts";
import { deleteExpired, incrementalVacuum } from "./retain.ts";
import { loadNames, type Names } from "./schema.ts";
import { completeChunks } from "./upgrade.ts";
import { loadWatching, recordChanges, recordStates, type Watching } from "./watching.ts";

export type SqliteOptions = {
  keeping?: Keeping;
  /** Nothing is stored while the disk has less free space than this, which is left for the services. */
  minFreeBytes?: number;
  /** The wall clock: decides what has expired, and is part of the name of a damaged file. */
  now?: () => number;
};

type Open = { db: Database; inode: number | null; names: Names; recents: Recents; watching: Watching };

/** Opens metrics.db as the storage of samples. Throws if another process writes the file, or if a newer bs9 has written it. */
export async function openSqlite(path: string, options: SqliteOptions = {}): Promise<Storage> {
  const { keeping = defaultKeeping, minFreeBytes = 32 * 1024 * 1024, now = Date.now } = options;
  const levels = levelsOf(keeping);
  const lock = await lockOf(path);
  let aside: { to: string; atMs: number } | null = null;
  let removedMs: number | null = null;
  let trouble: string | null = null;
  let turns = 0;
  let open: Open | null = null;
  let isClosed = false;

  const load = (): Open => {
    if (isClosed) throw new Error(`${path} is closed`);
    const db = openToWrite(path);
    try {
      const names = loadNames(db);
      const recents = loadRecents(db, levels.length);
      db.transaction(() => completeChunks(db, names, recents))();
      return { db, inode: inodeOf(path), names, watching: loadWatching(db, names), recents };
    } catch (error) {
      db.close();
      throw error;
    }
  };

  /** Sets a damaged file aside and tries once more with a new one. */
  const mended = <T>(act: (present: Open) => T): T => {
    try {
      open ??= load();
      return act(open);
    } catch (error) {
      if (!isDamage(error)) throw error;
      open?.db.close();
      open = null;
      aside = { to: setAside(path, new Date(now())), atMs: now() };
      open = load();
      return act(open);
    }
  };

  /** Closes a file that was removed or overwritten, so that the next access makes a new one: nobody finds an unlinked file. */
  const checkPlace = () => {
    if (open === null) return;
    const isThere = inodeOf(path) === open.inode;
    // SQLite does not notice that another program has overwritten the file, because it keeps pages in memory.
    if (isThere && isDatabase(path)) return;
    open.db.close();
    open = null;
    if (isThere) aside = { to: setAside(path, new Date(now())), atMs: now() };
    else removedMs = now();
  };

  /** Loads the names again: a transaction that failed may have added names that are now in no table. */
  const forgetNew = () => {
    try {
      if (open !== null) open.names = loadNames(open.db);
    } catch {
      // The file cannot even be read: the next access opens it again and reports the error.
      open?.db.close();
      open = null;
    }
  };

  const written = (act: (present: Open) => void): Stored => {
    try {
      checkPlace();
      makeFolder(dirname(path));
      const { bavail, bsize } = statfsSync(dirname(path));
      const tooFull = bavail * bsize < minFreeBytes;
      trouble = tooFull ? `the disk has less than ${minFreeBytes / 1024 / 1024} MiB free` : null;
      if (!tooFull) mended((present) => present.db.transaction(() => act(present)).immediate());
    } catch (error) {
      trouble = whyNot(error);
      forgetNew();
    }
    return trouble === null ? { stored: true } : { stored: false, reason: trouble };
  };

  const isNews = (atMs: number) => Math.abs(now() - atMs) < newsMs;

  const answer = async <T>(ask: (present: Present) => T): Promise<T> => {
    try {
      return mended(({ db, names, recents }) => {
        const source = (kind: SubjectKind) => {
          const { raw, heads } = recents[kind];
          return pointSourceOf({ db, kind, heads, levels }, (level, asked) => (level === 0 ? raw : loadEntries(db, kind, level, asked)));
        };
        return ask({ db, names, sources: { service: source("service"), host: source("host") } });
      });
    } catch (error) {
      throw error instanceof Bs9Error ? error : failed(`cannot read ${path}: ${whyNot(error)}`, { hint: "bs9 doctor", cause: error });
    }
  };

  try {
    mended(() => {});
  } catch (error) {
    // A full disk becomes a notice, and the first tick tries again. A refusal by bs9 itself is final.
    if (error instanceof Bs9Error) {
      closeSync(lock);
      throw error;
    }
    trouble = whyNot(error);
  }

  return {
    async append(tick) {
      let next: Partial<Open> = {};
      const { samples, atMs } = tick;
      const stored = written(({ db, names, recents, watching }) => {
        next = {
          recents: appendTick(db, names, recents, levels, tick),
          watching: recordStates(db, names, watching, samples, atMs, keeping.intervalMs),
        };
      });
      if (stored.stored && open !== null) Object.assign(open, next);
      return stored;
    },
    async observe(changes) {
      let watching: Watching | null = null;
      const stored = written((one) => {
        watching = recordChanges(one.db, one.names, one.watching, changes, keeping.intervalMs);
      });
      if (stored.stored && open !== null && watching !== null) open.watching = watching;
      return stored;
    },
    async turn() {
      const gone: number[] = [];
      turns++;
      try {
        checkPlace();
        // Expired data is deleted on a full disk too, because that frees space.
        const act = (one: Open) => {
          gone.push(...deleteExpired(one.db, one.names, one.recents, levels, now(), turns));
          incrementalVacuum(one.db);
        };
        mended((one) => one.db.transaction(() => act(one)).immediate());
      } catch (error) {
        trouble = whyNot(error);
        return;
      }
      if (open === null) return;
      for (const id of gone) {
        open.names.idOf.delete(open.names.nameOf.get(id) ?? "");
        open.names.nameOf.delete(id);
        open.watching.known.delete(id);
      }
    },
    services: () => answer(storedServices),
    newest: (subject) => answer((present) => newestOf(present, subject)),
    series: (subject, range, stepMs) => answer((present) => seriesOf(present, subject, range, stepMs)),
    watches: (service, range) => answer((present) => watchesIn(present, service, range)),
    moments: (range, stepMs) => answer((present) => momentsOf(present, range, stepMs)),
    async *rows(range, subject) {
      yield* rowsOf(await answer((present) => present), range, subject);
    },
    notices() {
      return [
        ...(aside !== null && isNews(aside.atMs) ? [`${path} was damaged and was set aside as ${aside.to}; a new file was begun`] : []),
        ...(removedMs !== null && isNews(removedMs) ? [`${path} was removed; a new file was begun`] : []),
        ...(trouble === null ? [] : [`samples are not stored in ${path}: ${trouble}; the agent tries again with every tick`]),
      ];
    },
    async close() {
      if (isClosed) return;
      isClosed = true;
      try {
        open?.db.run("PRAGMA wal_checkpoint(TRUNCATE)");
      } catch {
        // If the disk is full, the changes stay in SQLite's write-ahead log (WAL).
      }
      open?.db.close();
      open = null;
      closeSync(lock);
    },
  };
}

/** How long a single event, such as a damaged file, stays in the notices. */
const newsMs = 24 * 3_600_000;

function inodeOf(path: string): number | null {
  return statSync(path, { throwIfNoEntry: false })?.ino ?? null;
}

async function lockOf(path: string): Promise<number> {
  const fd = await takeLock(`${path}.lock`);
  if (fd !== null) return fd;
  throw failed(`cannot write ${path}: another bs9 agent is writing it`, { hint: "bs9 doctor" });
}
