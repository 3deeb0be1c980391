// The SQLite file of the spool of alerts: its tables, and how it is opened; a damaged file is set aside.
import { Database } from "bun:sqlite";
import { closeSync, renameSync, rmSync } from "node:fs";
import { dirname } from "node:path";
import { errnoOf, failed, reasonOf } from "../../base/errors.ts";
import { makeFolder, openToAppend } from "../../base/files.ts";

/** An act of another process takes milliseconds; a caller must not wait long, because the agent calls `put` within a turn. */
const busyMs = 1000;

const schema = `
  CREATE TABLE IF NOT EXISTS message (seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, at_ms REAL NOT NULL, body TEXT NOT NULL);
  CREATE TABLE IF NOT EXISTS queue (
    channel TEXT NOT NULL, seq INTEGER NOT NULL, attempts INTEGER NOT NULL DEFAULT 0, next_ms REAL NOT NULL DEFAULT 0,
    refused INTEGER NOT NULL DEFAULT 0, PRIMARY KEY (channel, seq)) WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS queue_seq ON queue (seq);
  CREATE TABLE IF NOT EXISTS claim (channel TEXT PRIMARY KEY, owner TEXT NOT NULL, until_ms REAL NOT NULL) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS told (id TEXT NOT NULL, kind TEXT NOT NULL, at_ms REAL NOT NULL, PRIMARY KEY (id, kind)) WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS told_at ON told (at_ms);
  CREATE TABLE IF NOT EXISTS dropped (channel TEXT PRIMARY KEY, count INTEGER NOT NULL, at_ms REAL NOT NULL) WITHOUT ROWID;
`;

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
    db.run(schema);
    return db;
  } catch (error) {
    db.close();
    throw error;
  }
}
