// Files that earlier versions of bs9 wrote: read, folded and exported together with samples of this version.
import { Database } from "bun:sqlite";
import { afterEach, beforeEach, expect, test } from "bun:test";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { hostName, kinds } from "../../src/metrics/subject.ts";
import { type Block, copyRow, makeBlock, readBlock } from "../../src/storage/block.ts";
import { layoutOn, layouts } from "../../src/storage/columns.ts";
import { exportedColumns } from "../../src/storage/export/columns.ts";
import { openSqliteReader } from "../../src/storage/sqlite/reader.ts";
import { openSqlite } from "../../src/storage/sqlite/sqlite.ts";
import type { Storage, StorageReader } from "../../src/storage/storage.ts";
import { tempDir } from "../harness.ts";
import { beginMs, hostSample, intervalMs, sample } from "./samples.ts";

const always = { fromMs: 0, toMs: Number.MAX_SAFE_INTEGER };
let folder: string;
let nowMs: number;
beforeEach(() => {
  folder = tempDir();
  nowMs = beginMs;
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const open = (path: string): Promise<Storage> => openSqlite(path, { now: () => nowMs, minFreeBytes: 0 });

/** Appends the same samples as the file of version 2 has. */
async function ticks(storage: Storage, first: number, count: number): Promise<void> {
  for (let n = first; n < first + count; n++) {
    nowMs = beginMs + n * intervalMs;
    const web = sample("web", n, { state: n % 100 === 99 ? "failed" : "active", cpuPercent: n % 7 === 0 ? null : n / 10 });
    expect(await storage.append({ atMs: nowMs, samples: [sample("s1", n), web], host: hostSample(n) })).toEqual({ stored: true });
    await storage.turn();
  }
}

async function whole(storage: StorageReader): Promise<unknown[]> {
  const steps = [intervalMs, 60_000, 600_000, 3_600_000];
  const series = await Promise.all(["s1", "web"].flatMap((name) => steps.map((stepMs) => storage.series(name, always, stepMs))));
  return [await storage.services(), series, await Array.fromAsync(storage.rows(always, null)), await storage.newest(null)];
}

test("a file of version 2 keeps its data, and takes samples of the host beside those of services", async () => {
  const path = join(folder, "metrics.db");
  // The first 800 ticks of the function `ticks`, written by the code of version 2.
  writeFileSync(path, Bun.gunzipSync(readFileSync(join(import.meta.dir, "older/version-2.db.gz"))));
  const fresh = await open(join(folder, "fresh/metrics.db"));
  await ticks(fresh, 0, 800);
  const beside = openSqliteReader(path);
  expect(await whole(beside)).toEqual(await whole(fresh));
  expect(await beside.newest(hostName)).toBeNull();
  await beside.close();
  const older = await open(path);
  expect(await whole(older)).toEqual(await whole(fresh));
  expect(await older.newest(hostName)).toBeNull();
  expect(await older.series(hostName, always, 60_000)).toEqual([]);
  // Fewer ticks than are kept: what expires goes in pieces, and these are longer in the older file.
  for (const storage of [older, fresh]) await ticks(storage, 800, 190);
  expect(await whole(older)).toEqual(await whole(fresh));
  for (const storage of [older, fresh]) await ticks(storage, 990, 310);
  const latest = { fromMs: beginMs + 400 * intervalMs, toMs: Number.MAX_SAFE_INTEGER };
  for (const name of ["s1", "web"])
    expect(await older.series(name, latest, intervalMs)).toEqual(await fresh.series(name, latest, intervalMs));
  expect((await older.series(hostName, always, intervalMs)).length).toBe(500);
  expect([...older.notices(), ...fresh.notices()]).toEqual([]);
  for (const storage of [older, fresh]) await storage.close();
  const reader = openSqliteReader(path);
  expect((await Array.fromAsync(reader.rows(always, hostName))).length).toBe(500);
  await reader.close();
}, 120_000);

test("a file of a later version is refused, because its new columns would look like damage", async () => {
  const path = join(folder, "metrics.db");
  await (await open(path)).close();
  const db = new Database(path);
  const version = db.query<{ user_version: number }, []>("PRAGMA user_version").get()?.user_version ?? 0;
  db.run(`PRAGMA user_version = ${version + 1}`);
  db.close();
  await expect(open(path)).rejects.toThrow(
    `a newer bs9 has written it (its schema is version ${version + 1}, this bs9 supports up to ${version})`,
  );
});

test("samples of version 1, which lack the total CPU time, are read and folded together with new ones", async () => {
  const path = join(folder, "metrics.db");
  const before = await open(path);
  await ticks(before, 0, 200);
  await before.close();
  const db = new Database(path);
  for (const table of ["tick", "chunk"]) {
    for (const { key, block } of db.query<{ key: number; block: Uint8Array }, []>(`SELECT key, block FROM ${table}`).all())
      db.query(`UPDATE ${table} SET block = ?2 WHERE key = ?1`).run(key, asFirst(readBlock(block)).bytes);
  }
  db.run("PRAGMA user_version = 1");
  db.close();
  const storage = await open(path);
  await ticks(storage, 200, 200);
  const series = await storage.series("s1", always, intervalMs);
  expect(series.length).toBe(400);
  expect(series.map(({ cpuTimeMs }) => cpuTimeMs)).toEqual(Array.from({ length: 400 }, (_, n) => (n < 200 ? null : 10 * n)));
  expect(series.every(({ memoryBytes }) => memoryBytes !== null)).toBe(true);
  const minutes = await storage.series("s1", always, 60_000);
  expect([minutes[0]?.cpuTimeMs, minutes.at(-1)?.cpuTimeMs]).toEqual([null, 3990]);
  expect(storage.notices()).toEqual([]);
  await storage.close();
});

/** The block in the layout that services had in version 1; the host had no layout then. */
function asFirst(block: Block): Block {
  const layout = layouts.get(block.layout === layoutOn("service", 0) ? 1 : 2);
  if (layout === undefined || block.layout.kind === "host") return block;
  const result = makeBlock(layout, block.length);
  for (let row = 0; row < block.length; row++) copyRow(block, row, result, row, block.keys[row] ?? 0);
  return result;
}

/** Hashes of released layouts. A changed layout makes existing files unreadable: give the new figure a new version instead. */
const released: [id: number, hash: string][] = [
  [1, "3pavb5v34uwnx"],
  [2, "2fwisze172r1l"],
  [3, "31yqi8lcv2d5v"],
  [4, "2yrkjzr6mm7zs"],
  [5, "3lnjgphu9gvtr"],
  [6, "y4u3966gd8kb"],
  [9, "7iwm7bfg4gyo"],
  [10, "nrnei0u91n2a"],
  [65541, "1e6ycjw43eud4"],
  [65542, "2kw0hgkmqigny"],
];

test.each(released)("layout %d is the same as when it was released", (id, hash) => {
  const { columns, words, kind } = layouts.get(id) ?? {};
  expect(Bun.hash(JSON.stringify([kind, columns, words])).toString(36)).toBe(hash);
});

test.each([...kinds])("an export of the %s begins with the columns of every export, and has no column twice", (kind) => {
  const columns = exportedColumns(kind);
  expect(columns.slice(0, 8).join()).toBe("at,service,state,health,cpuPercent,memoryBytes,tasks,restarts");
  expect(new Set(columns).size).toBe(columns.length);
});
