// A metrics.db of an older bs9, with blocks that lack a column of today.
import { Database } from "bun:sqlite";
import { expect, test } from "bun:test";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { type Block, copyRow, makeBlock, readBlock } from "../../src/storage/block.ts";
import { layouts } from "../../src/storage/columns.ts";
import { openSqlite } from "../../src/storage/sqlite/sqlite.ts";
import type { Storage } from "../../src/storage/storage.ts";
import { tempDir } from "../harness.ts";
import { beginMs, intervalMs, samplesOf } from "./samples.ts";

const always = { fromMs: 0, toMs: Number.MAX_SAFE_INTEGER };
let nowMs = beginMs;

const open = (path: string): Promise<Storage> => openSqlite(path, { now: () => nowMs, minFreeBytes: 0 });

async function ticks(storage: Storage, count: number): Promise<void> {
  for (let i = 0; i < count; i++) {
    nowMs += intervalMs;
    expect(await storage.append({ atMs: nowMs, samples: samplesOf(20, i) })).toEqual({ stored: true });
  }
}

test("samples of an older bs9, without the total CPU time, are read and folded together with those of this one", async () => {
  const folder = tempDir();
  const path = join(folder, "metrics.db");
  const before = await open(path);
  await ticks(before, 200);
  await before.close();
  const db = new Database(path);
  for (const table of ["tick", "chunk"]) {
    for (const { key, block } of db.query<{ key: number; block: Uint8Array }, []>(`SELECT key, block FROM ${table}`).all())
      db.query(`UPDATE ${table} SET block = ?2 WHERE key = ?1`).run(key, asBefore(readBlock(block)).bytes);
  }
  db.run("PRAGMA user_version = 1");
  db.close();
  const storage = await open(path);
  await ticks(storage, 200);
  const series = await storage.series("s1", always, intervalMs);
  expect(series.length).toBe(400);
  expect(series.map(({ cpuTimeMs }) => cpuTimeMs)).toEqual([...Array(200).fill(null), ...Array.from({ length: 200 }, (_, n) => 10 * n)]);
  expect(series.every(({ memoryBytes }) => memoryBytes !== null)).toBe(true);
  const minutes = await storage.series("s1", always, 60_000);
  expect([minutes[0]?.cpuTimeMs, minutes.at(-1)?.cpuTimeMs]).toEqual([null, 1990]);
  expect(storage.notices()).toEqual([]);
  await storage.close();
  rmSync(folder, { recursive: true });
});

/** In the layout that bs9 had before it kept the total CPU time. */
function asBefore(block: Block): Block {
  const layout = layouts.find(({ id }) => id === block.layout.id - 2);
  if (layout === undefined) throw new Error("there is no older layout");
  const result = makeBlock(layout, block.length);
  for (let row = 0; row < block.length; row++) copyRow(block, row, result, row, block.keys[row] ?? 0);
  return result;
}
