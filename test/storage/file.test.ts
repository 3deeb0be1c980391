// The file metrics.db itself: damaged, from a newer bs9, on a full disk, too large, or read by other processes.
import { Database } from "bun:sqlite";
import { afterEach, expect, test } from "bun:test";
import { closeSync, openSync, readdirSync, rmSync, statSync, truncateSync, writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { defaultKeeping, type Keeping } from "../../src/config/keeping.ts";
import { openSqliteReader } from "../../src/storage/sqlite/reader.ts";
import { openSqlite } from "../../src/storage/sqlite/sqlite.ts";
import type { Storage } from "../../src/storage/storage.ts";
import { tempDir } from "../harness.ts";
import { beginMs, intervalMs, samplesOf } from "./samples.ts";

const cleanUp: (() => unknown)[] = [];
afterEach(async () => {
  for (const act of cleanUp.splice(0).toReversed()) await act();
});

const always = { fromMs: 0, toMs: Number.MAX_SAFE_INTEGER };
let nowMs = beginMs;

function place(): { folder: string; path: string } {
  const folder = tempDir();
  cleanUp.push(() => rmSync(folder, { recursive: true, force: true }));
  return { folder, path: join(folder, "metrics.db") };
}

async function open(path: string, keeping: Keeping = defaultKeeping): Promise<Storage> {
  const storage = await openSqlite(path, { keeping, now: () => nowMs, minFreeBytes: 0 });
  cleanUp.push(() => storage.close());
  return storage;
}

async function ticks(storage: Storage, count: number, services = 50): Promise<void> {
  for (let i = 0; i < count; i++) {
    nowMs += intervalMs;
    expect(await storage.append({ atMs: nowMs, samples: samplesOf(services, i) })).toEqual({ stored: true });
    await storage.turn();
  }
}

test.each([
  [
    "a file that is not a database",
    (path: string) => writeFileSync(path, "not a database, but something longer than its head: ".repeat(100)),
  ],
  ["a truncated file", (path: string) => truncateSync(path, 3 * 4096)],
  ["an overwritten file", (path: string) => overwrite(path, 4096, statSync(path).size)],
])("if metrics.db is %s, it is set aside, a notice names it, and new samples are stored", async (_, damage) => {
  const { folder, path } = place();
  const before = await open(path);
  await ticks(before, 200);
  await before.close();
  damage(path);
  const storage = await open(path);
  await ticks(storage, 5);
  const aside = readdirSync(folder).find((name) => /^metrics\.db\.damaged-\d{8}T\d{6}Z$/.test(name));
  expect(storage.notices()).toEqual([expect.stringContaining(`set aside as ${join(folder, aside ?? "?")}`)]);
  expect((await storage.series("s1", always, intervalMs)).length).toBe(5);
});

test("a metrics.db that is damaged while it is open is set aside, and new samples are stored", async () => {
  const { folder, path } = place();
  const storage = await open(path);
  await ticks(storage, 200);
  // The WAL is written back first, so that SQLite reads the pages from the file.
  const other = new Database(path);
  other.run("PRAGMA wal_checkpoint(TRUNCATE)");
  other.close();
  overwrite(path, 4096, statSync(path).size);
  await ticks(storage, 100);
  expect(storage.notices().join()).toContain("was damaged");
  expect(readdirSync(folder).filter((name) => name.includes("damaged")).length).toBeGreaterThan(0);
  expect((await storage.newest(null))?.atMs).toBe(nowMs);
});

test("when metrics.db is removed while it is open, a new file is created and a notice says so", async () => {
  const { folder, path } = place();
  const storage = await open(path);
  await ticks(storage, 3);
  rmSync(folder, { recursive: true });
  await ticks(storage, 2);
  expect(storage.notices()).toEqual([`${path} was removed; a new file was begun`]);
  const reader = openSqliteReader(path);
  cleanUp.push(() => reader.close());
  expect((await reader.series("s1", always, intervalMs)).map(({ atMs }) => atMs)).toEqual([nowMs - intervalMs, nowMs]);
});

test("when another program overwrites metrics.db while it is open, it is set aside and new samples are stored", async () => {
  const { folder, path } = place();
  const storage = await open(path);
  await ticks(storage, 5);
  overwrite(path, 0, statSync(path).size);
  await ticks(storage, 3);
  const aside = readdirSync(folder).find((name) => name.startsWith("metrics.db.damaged-"));
  expect(storage.notices()).toEqual([expect.stringContaining(`set aside as ${join(folder, aside ?? "?")}`)]);
  expect((await storage.series("s1", always, intervalMs)).length).toBe(3);
  // The notice about the damaged file is shown for a day.
  nowMs += 25 * 3_600_000;
  expect(storage.notices()).toEqual([]);
});

test("a metrics.db with a newer schema is refused", async () => {
  const { path } = place();
  const storage = await open(path);
  await storage.close();
  const db = new Database(path);
  db.run("PRAGMA user_version = 99");
  db.close();
  await expect(open(path)).rejects.toThrow(/a newer bs9 has written it \(its schema is version 99, this bs9 supports up to \d+\)/);
  await expect(openSqliteReader(path).services()).rejects.toThrow("a newer bs9 has written it");
});

test("only one process can write metrics.db at a time", async () => {
  const { path } = place();
  const storage = await open(path);
  await expect(open(path)).rejects.toThrow("another bs9 agent is writing it");
  await storage.close();
  await ticks(await open(path), 1);
});

test("a reader gets what the writer stores, also new samples and those after the file was set aside", async () => {
  const { path } = place();
  const reader = openSqliteReader(path);
  cleanUp.push(() => reader.close());
  expect(await reader.services()).toEqual([]);
  const storage = await open(path);
  await ticks(storage, 130);
  const same = async () => {
    expect(await reader.newest(null)).toEqual(await storage.newest(null));
    for (const stepMs of [intervalMs, 60_000])
      expect(await reader.series("s7", always, stepMs)).toEqual(await storage.series("s7", always, stepMs));
    expect(await Array.fromAsync(reader.rows(always, null))).toEqual(await Array.fromAsync(storage.rows(always, null)));
    expect(await reader.watches("s7", always)).toEqual(await storage.watches("s7", always));
  };
  await same();
  await ticks(storage, 7);
  await same();
  await storage.close();
  writeFileSync(path, "no database".repeat(1000));
  const next = await open(path);
  await ticks(next, 3);
  expect((await reader.series("s7", always, intervalMs)).length).toBe(3);
});

test("a slow reader gets each row once, although more rows are written meanwhile", async () => {
  const { path } = place();
  const storage = await open(path);
  await ticks(storage, 100, 5);
  const reader = openSqliteReader(path);
  cleanUp.push(() => reader.close());
  const seen: number[] = [];
  for await (const { service, atMs, samples } of reader.rows(always, null)) {
    if (service === "s4") seen.push(...Array<number>(samples).fill(atMs));
    else if (seen.length === 0) await ticks(storage, 1, 5);
  }
  expect(new Set(seen).size).toBe(seen.length);
  expect(seen.length).toBeGreaterThanOrEqual(100);
});

test("metrics.db shrinks when the configuration keeps fewer samples", async () => {
  const { path } = place();
  const storage = await open(path);
  await ticks(storage, 1000);
  await storage.close();
  const before = statSync(path).size;
  const less = { snapshots: 60 };
  const smaller = await open(path, { ...defaultKeeping, raw: less, minutes: less });
  for (let i = 0; i < 100; i++) await smaller.turn();
  await smaller.close();
  expect(statSync(path).size).toBeLessThan(before * 0.7);
  const again = await open(path);
  expect((await again.series("s1", always, intervalMs)).reduce((sum, { samples }) => sum + samples, 0)).toBeGreaterThan(900);
});

const canMount = Bun.spawnSync(["unshare", "--mount", "true"]).exitCode === 0 && process.getuid?.() === 0;

/** A file system of 3 MB; `fill` uses all of it. */
function smallDisk(): { folder: string; fill(): void; free(): void } {
  const { folder } = place();
  Bun.spawnSync(["mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", folder]);
  cleanUp.push(() => Bun.spawnSync(["umount", folder]));
  expect(readdirSync(folder)).toEqual([]);
  const ballast = join(folder, "ballast");
  const fill = () => {
    const fd = openSync(ballast, "w");
    expect(() => {
      for (;;) writeSync(fd, Buffer.alloc(4096));
    }).toThrow("ENOSPC");
    closeSync(fd);
  };
  return { folder, fill, free: () => rmSync(ballast) };
}

test.skipIf(!canMount)("a full disk stops storing with a notice, and free space resumes it", async () => {
  const { folder, fill, free } = smallDisk();
  const storage = await open(join(folder, "metrics.db"));
  await ticks(storage, 20);
  fill();
  let reason = "";
  let stored = 0;
  for (let i = 0; i < 500 && reason === ""; i++) {
    nowMs += intervalMs;
    const answer = await storage.append({ atMs: nowMs, samples: samplesOf(50, i) });
    if (answer.stored) stored++;
    else reason = answer.reason;
  }
  expect(reason).toBe("the disk is full");
  expect(storage.notices()).toEqual([expect.stringContaining("the disk is full")]);
  await storage.turn();
  expect((await storage.series("s1", always, intervalMs)).length).toBe(20 + stored);
  free();
  await ticks(storage, 3);
  expect(storage.notices()).toEqual([]);
  expect((await storage.series("s1", always, intervalMs)).length).toBe(23 + stored);
});

test.skipIf(!canMount)("on a disk that is full from the beginning, storing begins when there is space", async () => {
  const { folder, fill, free } = smallDisk();
  fill();
  const storage = await open(join(folder, "metrics.db"));
  expect(storage.notices()).toEqual([expect.stringContaining("the disk is full")]);
  expect((await storage.append({ atMs: nowMs, samples: samplesOf(50, 1) })).stored).toBe(false);
  free();
  await ticks(storage, 3);
  expect(storage.notices()).toEqual([]);
  expect((await storage.series("s1", always, intervalMs)).length).toBe(3);
});

test("other users cannot read metrics.db", async () => {
  const { folder, path } = place();
  await ticks(await open(path), 1);
  for (const name of readdirSync(folder)) expect([name, statSync(join(folder, name)).mode & 0o777]).toEqual([name, 0o600]);
});

test("nothing is stored when the disk has less free space than the limit", async () => {
  const { path } = place();
  const storage = await openSqlite(path, { minFreeBytes: Number.MAX_SAFE_INTEGER });
  cleanUp.push(() => storage.close());
  expect(await storage.append({ atMs: nowMs, samples: samplesOf(1, 1) })).toEqual({
    stored: false,
    reason: expect.stringMatching(/^the disk has less than \d+(\.\d+)? MiB free$/),
  });
  expect(await storage.services()).toEqual([]);
});

function overwrite(path: string, from: number, to: number): void {
  const fd = openSync(path, "r+");
  writeSync(fd, Buffer.alloc(to - from, 0xa5), 0, to - from, from);
  closeSync(fd);
}
