// The SQLite file of the spool of alerts: its tables, and how it is opened; a damaged file is set aside.
import { Database } from "bun:sqlite";
import { closeSync, existsSync, renameSync, rmSync } from "node:fs";
import { dirname } from "node:path";
import { errnoOf, failed, reasonOf } from "../../base/errors.ts";
import { makeFolder, openToAppend } from "../../base/files.ts";

/** An act of another process takes milliseconds; a caller must not wait long, because the agent calls `put` within a turn. */
const busyMs = 1000;

const tables = `
  CREATE TABLE IF NOT EXISTS message (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, at_ms REAL NOT NULL, body TEXT NOT NULL, bytes INTEGER NOT NULL DEFAULT 0);
  CREATE TABLE IF NOT EXISTS queue (
    channel TEXT NOT NULL, seq INTEGER NOT NULL, attempts INTEGER NOT NULL DEFAULT 0, next_ms REAL NOT NULL DEFAULT 0,
    refused INTEGER NOT NULL DEFAULT 0, PRIMARY KEY (channel, seq)) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS claim (channel TEXT PRIMARY KEY, owner TEXT NOT NULL, until_ms REAL NOT NULL) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS told (id TEXT NOT NULL, kind TEXT NOT NULL, at_ms REAL NOT NULL, PRIMARY KEY (id, kind)) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS dropped (
    channel TEXT PRIMARY KEY, count INTEGER NOT NULL, at_ms REAL NOT NULL, removed TEXT) WITHOUT ROWID;
`;

/** Columns that the tables of earlier versions do not have. */
const addedColumns = [
  ["message", "bytes", "INTEGER NOT NULL DEFAULT 0"],
  ["dropped", "removed", "TEXT"],
] as const;

/** Sums that would otherwise be computed from all rows whenever a message is put or sent are kept by triggers. */
const rest = `
  CREATE INDEX IF NOT EXISTS queue_seq ON queue (seq);
  CREATE INDEX IF NOT EXISTS queue_refused ON queue (channel, refused, seq);
  CREATE INDEX IF NOT EXISTS told_at ON told (at_ms);
  CREATE TABLE IF NOT EXISTS channel (key TEXT PRIMARY KEY, address TEXT NOT NULL, name TEXT NOT NULL, place INTEGER NOT NULL) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS total (what TEXT PRIMARY KEY, count INTEGER NOT NULL) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS backlog (channel TEXT PRIMARY KEY, waiting INTEGER NOT NULL) WITHOUT ROWID;
  CREATE TRIGGER IF NOT EXISTS message_in AFTER INSERT ON message BEGIN
    UPDATE total SET count = count + 1 WHERE what = 'messages'; UPDATE total SET count = count + new.bytes WHERE what = 'bytes'; END;
  CREATE TRIGGER IF NOT EXISTS message_out AFTER DELETE ON message BEGIN
    UPDATE total SET count = count - 1 WHERE what = 'messages'; UPDATE total SET count = count - old.bytes WHERE what = 'bytes'; END;
  CREATE TRIGGER IF NOT EXISTS told_in AFTER INSERT ON told BEGIN UPDATE total SET count = count + 1 WHERE what = 'told'; END;
  CREATE TRIGGER IF NOT EXISTS told_out AFTER DELETE ON told BEGIN UPDATE total SET count = count - 1 WHERE what = 'told'; END;
  CREATE TRIGGER IF NOT EXISTS queue_in AFTER INSERT ON queue BEGIN
    INSERT INTO backlog VALUES (new.channel, 1) ON CONFLICT (channel) DO UPDATE SET waiting = waiting + 1; END;
  CREATE TRIGGER IF NOT EXISTS queue_out AFTER DELETE ON queue BEGIN
    UPDATE backlog SET waiting = waiting - 1 WHERE channel = old.channel; END;
  UPDATE message SET bytes = LENGTH(CAST(body AS BLOB)) WHERE bytes = 0;
  INSERT OR REPLACE INTO total SELECT 'messages', COUNT(*) FROM message UNION ALL SELECT 'bytes', COALESCE(SUM(bytes), 0) FROM message
    UNION ALL SELECT 'told', COUNT(*) FROM told;
  DELETE FROM backlog;
  INSERT INTO backlog SELECT channel, COUNT(*) FROM queue GROUP BY channel;
`;
const schemaVersion = 1;

function migrate(db: Database): void {
  const versionOf = () => db.query<{ user_version: number }, []>("PRAGMA user_version").get()?.user_version ?? 0;
  if (versionOf() >= schemaVersion) return;
  db.transaction(() => {
    // Another process may have been faster.
    if (versionOf() >= schemaVersion) return;
    db.run(tables);
    for (const [table, column, type] of addedColumns) {
      const known = db.query<{ name: string }, [string]>("SELECT name FROM pragma_table_info(?)").all(table);
      if (!known.some(({ name }) => name === column)) db.run(`ALTER TABLE ${table} ADD COLUMN ${column} ${type}`);
    }
    db.run(rest);
    db.run(`PRAGMA user_version = ${schemaVersion}`);
  }).immediate();
}

/** `damage`: in words, that an older file was set aside, or null. Throws where the file cannot be opened. */
export function openSpool(path: string): { db: Database; damage: string | null } {
  makeFolder(dirname(path));
  try {
    return { db: opened(path), damage: null };
  } catch (error) {
    if (!isSpoolDamage(error))
      throw failed(`cannot open ${path}, where alerts wait for their channels: ${reasonOf(error)}`, { cause: error });
    const aside = `${path}.damaged`;
    for (const suffix of ["-wal", "-shm"]) rmSync(path + suffix, { force: true });
    renameSync(path, aside);
    return { db: opened(path), damage: `${path} was damaged and is now ${aside}: alerts that were waiting in it are not sent` };
  }
}

/** Reads from the spool beside the process that uses it; null where there is no spool, or where it cannot be read. */
export function readSpool<T>(path: string, read: (db: Database) => T): T | null {
  if (!existsSync(path)) return null;
  try {
    using db = new Database(path, { readonly: true, strict: true });
    return read(db);
  } catch {
    return null;
  }
}

/** True for an error that says that the file itself is wrong: it is set aside when it is opened again. */
export function isSpoolDamage(error: unknown): boolean {
  const isOwn = error instanceof Damaged || /^SQLITE_(CORRUPT|NOTADB)/.test(errnoOf(error) ?? "");
  return isOwn || (error instanceof Error && error.cause !== undefined && isSpoolDamage(error.cause));
}

class Damaged extends Error {}

function opened(path: string): Database {
  // Created here with mode 600, because SQLite lets everybody read it. SQLite gives its -wal and -shm files the same mode.
  closeSync(openToAppend(path));
  const db = new Database(path, { create: true, readwrite: true, strict: true });
  try {
    db.run(
      `PRAGMA busy_timeout = ${busyMs}; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA journal_size_limit = 4194304; PRAGMA cache_size = -256`,
    );
    // Damage deep in the file would otherwise show only when a message is read or written.
    const found = db.query<{ quick_check: string }, []>("PRAGMA quick_check(1)").get()?.quick_check;
    if (found !== "ok") throw new Damaged(found);
    migrate(db);
    return db;
  } catch (error) {
    db.close();
    throw error;
  }
}
