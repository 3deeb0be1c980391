// The schema of metrics.db: its path, its tables, the keys of their rows, and the numbers that stand for names.
import type { Database } from "bun:sqlite";
import { join } from "node:path";
import { failed } from "../../base/errors.ts";
import type { SubjectKind } from "../../metrics/subject.ts";

/** `config` is the directory of the configuration. */
export const databaseFile = (config: string): string => join(config, "metrics", "metrics.db");

/** The steps of the schema, in order. A released step is never changed. */
export const migrations: readonly string[] = [
  // A row of `tick` has all services of one moment, so that an append is one cheap write. Once a page is full of rows, the
  // points of each service go into a row of `chunk`, so that one service is read without the others.
  `CREATE TABLE service (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT;
   CREATE TABLE tick (key INTEGER PRIMARY KEY, atMs INTEGER NOT NULL, upto INTEGER NOT NULL, block BLOB NOT NULL) STRICT;
   CREATE TABLE chunk (key INTEGER PRIMARY KEY, minMs INTEGER NOT NULL, maxMs INTEGER NOT NULL, block BLOB NOT NULL) STRICT;
   CREATE TABLE watch (id INTEGER PRIMARY KEY, fromMs INTEGER NOT NULL, toMs INTEGER NOT NULL) STRICT;
   CREATE TABLE seen (service INTEGER NOT NULL, n INTEGER NOT NULL, watch INTEGER NOT NULL, atMs INTEGER NOT NULL, state TEXT, health TEXT NOT NULL,
     restarts INTEGER, PRIMARY KEY (service, n)) STRICT, WITHOUT ROWID;`,
  // From here on blocks have the layouts 3 and 4, which an older bs9 would take for damage; the number keeps it away.
  "SELECT 1",
];

// The key of a row is one number, so that the points of a service at one level lie together, in the order of writing. The order
// is a count, not a time, so that setting the clock moves nothing.
const seqs = 2 ** 30;
const services = 2 ** 20;

/** `seq` counts the rows that were written at a level: with one row a second it lasts for 34 years. */
export function chunkKey(level: number, service: number, seq: number): number {
  return (level * services + service) * seqs + Math.min(Math.max(seq, 0), seqs - 1);
}

export const lastChunkKey = (level: number, service: number): number => chunkKey(level, service, seqs - 1);

/** The first and the last key that a chunk of any service can have at a level. */
export const chunksAt = (level: number): number => chunkKey(level, 0, 0);
export const lastChunkAt = (level: number): number => lastChunkKey(level, services - 1);

export const serviceOf = (key: number): number => Math.floor(key / seqs) % services;

export const seqOf = (key: number): number => key % seqs;

/** A row of `tick` has all services together, or the host. */
const tickIds: Record<SubjectKind, number> = { service: 0, host: 1 };
export const tickKey = (kind: SubjectKind, level: number, seq: number): number => chunkKey(level, tickIds[kind], seq);
export const lastTickKey = (kind: SubjectKind, level: number): number => lastChunkKey(level, tickIds[kind]);

const maxServiceId = services - 1;

/** The numbers of services and of the host, which stand for their names in every other table. */
export type Names = { idOf: Map<string, number>; nameOf: Map<number, string> };

export function loadNames(db: Database): Names {
  const rows = db.query<{ id: number; name: string }, []>("SELECT id, name FROM service").all();
  return { idOf: new Map(rows.map(({ id, name }) => [name, id])), nameOf: new Map(rows.map(({ id, name }) => [id, name])) };
}

/** A new name gets a number. */
export function idFor(db: Database, names: Names, name: string): number {
  const known = names.idOf.get(name);
  if (known !== undefined) return known;
  const id = Number(db.query("INSERT INTO service (name) VALUES (?1)").run(name).lastInsertRowid);
  if (id > maxServiceId) throw failed(`cannot keep samples of ${name}: the database has its limit of ${maxServiceId} names of services`);
  names.idOf.set(name, id);
  names.nameOf.set(id, name);
  return id;
}
