// Opens metrics.db, brings it to the present schema, and sets it aside when it is damaged.
import { Database } from "bun:sqlite";
import { closeSync, existsSync, readdirSync, renameSync, rmSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { errnoOf, failed, reasonOf } from "../../base/errors.ts";
import { makeFolder, openToAppend, readRegular } from "../../base/files.ts";
import { damagedBlock } from "../block.ts";
import { columnsVersion } from "../columns.ts";
import { migrations } from "./schema.ts";

const busyMs = 5000;
const cacheKiB = 2048;
const walBytes = 4 * 1024 * 1024;

/** Opens metrics.db for writing. Throws if a newer bs9 has written the file. */
export function openToWrite(path: string): Database {
  makeFolder(dirname(path));
  // Created here with mode 600, because SQLite lets everybody read it. SQLite gives its -wal and -shm files the same mode.
  closeSync(openToAppend(path));
  const db = new Database(path, { create: true, readwrite: true, strict: true });
  try {
    const found = versionOf(db);
    refuseNewer(path, found);
    // Set before the first table exists: afterwards it takes a VACUUM. Chunks are cut to fit this page size.
    if (found === 0) db.run(`PRAGMA page_size = ${pageBytes}; PRAGMA auto_vacuum = INCREMENTAL`);
    db.run("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL");
    db.run(`PRAGMA busy_timeout = ${busyMs}; PRAGMA cache_size = -${cacheKiB}; PRAGMA journal_size_limit = ${walBytes}`);
    for (let i = found; i < version; i++) db.transaction(() => db.run(`${migrations[i] ?? "SELECT 1"}; PRAGMA user_version = ${i + 1}`))();
    return db;
  } catch (error) {
    db.close();
    throw error;
  }
}

/** New columns raise the version too, so that an older bs9 refuses the file in place of taking their blocks for damage. */
const version = Math.max(migrations.length, columnsVersion);

/**
 * The tables have been the same since this version, and the layouts of all blocks since then are known: after an upgrade a
 * reader does not have to wait until an agent has migrated the file.
 */
const readableFrom = 1;

export const pageBytes = 4096;

/** Opens metrics.db for reading. Null if the file does not exist or has no tables yet. Throws if a newer bs9 has written it. */
export function openToRead(path: string): Database | null {
  if (!existsSync(path)) return null;
  // The database is not opened read-only, because a reader of a WAL may have to create its index
  // (sqlite.org/wal.html#read_only_databases).
  const db = new Database(path, { readwrite: true, strict: true });
  try {
    db.run(`PRAGMA query_only = 1; PRAGMA busy_timeout = ${busyMs}; PRAGMA cache_size = -${cacheKiB}`);
    const found = versionOf(db);
    refuseNewer(path, found);
    if (found >= readableFrom) return db;
    db.close();
    return null;
  } catch (error) {
    db.close();
    throw error;
  }
}

function versionOf(db: Database): number {
  return db.query<{ user_version: number }, []>("PRAGMA user_version").get()?.user_version ?? 0;
}

function refuseNewer(path: string, found: number): void {
  if (found <= version) return;
  const versions = `its schema is version ${found}, this bs9 supports up to ${version}`;
  throw failed(`cannot open ${path}: a newer bs9 has written it (${versions})`, { hint: "bs9 version" });
}

const magic = "SQLite format 3\0";

/** Checks the first bytes (sqlite.org/fileformat2.html#magic_header_string). An empty file counts too, because SQLite fills it. */
export function isDatabase(path: string): boolean {
  const head = readRegular(path, magic.length);
  return head !== null && (head.length === 0 || head.toString("latin1") === magic);
}

/** True for an error that says that the file is damaged or not a database. */
export function isDamage(error: unknown): boolean {
  return /^SQLITE_(CORRUPT|NOTADB)/.test(errnoOf(error) ?? "") || (error instanceof Error && error.message.startsWith(damagedBlock));
}

const keptAside = 2;

/** Renames a damaged file and returns its new name. Only the last `keptAside` damaged files are kept. */
export function setAside(path: string, now: Date): string {
  const stamp = now.toISOString().replace(/[-:]|\.\d+/g, "");
  const free = (n: number): string => {
    const name = `${path}.damaged-${stamp}${n === 0 ? "" : `-${n}`}`;
    return existsSync(name) ? free(n + 1) : name;
  };
  const aside = free(0);
  renameSync(path, aside);
  for (const suffix of ["-wal", "-shm"]) if (existsSync(path + suffix)) renameSync(path + suffix, aside + suffix);
  const folder = dirname(path);
  const older = readdirSync(folder)
    .filter((name) => name.startsWith(`${basename(path)}.damaged-`) && !/-(wal|shm)$/.test(name))
    .sort()
    .slice(0, -keptAside);
  for (const name of older) for (const suffix of ["", "-wal", "-shm"]) rmSync(join(folder, name + suffix), { force: true });
  return aside;
}

/** The reason of an error of SQLite or of the file system, in plain words. */
export function whyNot(error: unknown): string {
  const code = errnoOf(error) ?? "";
  if (code === "SQLITE_FULL" || code === "ENOSPC") return "the disk is full";
  if (code === "EDQUOT") return "the disk quota is used up";
  if (code === "SQLITE_READONLY" || code === "EROFS") return "the file or its file system is read-only";
  return reasonOf(error);
}
