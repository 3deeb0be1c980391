// kill -9 at random moments: the file is whole each time, and no more than the tick that was being written is lost.
import { Database } from "bun:sqlite";
import { expect, test } from "bun:test";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { openSqlite } from "../../src/storage/sqlite/sqlite.ts";
import { tempDir } from "../harness.ts";
import { beginMs, intervalMs } from "./samples.ts";

const rounds = 200;

test("200 times kill -9", async () => {
  const folder = tempDir();
  const path = join(folder, "metrics.db");
  try {
    let last = -1;
    for (let round = 0; round < rounds; round++) {
      const told = await appendUntilKilled(path, 1 + Math.floor(Math.random() * 40));
      expect(check(path)).toBe("ok");
      const storage = await openSqlite(path, { now: () => beginMs, minFreeBytes: 0 });
      expect(storage.notices()).toEqual([]);
      const newest = (await storage.newest(null))?.points.get("s1")?.ioReadBytes ?? -1;
      // What was told is there; at most the one after it was stored and not told any more.
      expect(newest).toBeGreaterThanOrEqual(told);
      expect(newest).toBeLessThanOrEqual(told + 1);
      expect(told).toBeGreaterThan(last);
      last = newest;
      await storage.close();
    }
    const storage = await openSqlite(path, { now: () => beginMs, minFreeBytes: 0 });
    const since = { fromMs: beginMs, toMs: Number.MAX_SAFE_INTEGER };
    for (const service of ["s1", "s40"]) {
      const rows = await Array.fromAsync(storage.rows(since, service));
      expect(rows.reduce((sum, { samples }) => sum + samples, 0)).toBe(last + 1);
      expect(rows.every(({ elapsedMs, samples }) => elapsedMs === samples * intervalMs)).toBe(true);
    }
    await storage.close();
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}, 180_000);

/** Killed at some moment after so many ticks; returns the last one it told. */
async function appendUntilKilled(path: string, ticks: number): Promise<number> {
  const child = Bun.spawn([process.execPath, join(import.meta.dir, "appender.ts"), path], { stdout: "pipe", stderr: "inherit" });
  let text = "";
  for await (const chunk of child.stdout.pipeThrough(new TextDecoderStream())) {
    text += chunk;
    if (text.split("\n").length <= ticks) continue;
    // Not just when a tick was told, but at any point of what follows.
    const untilMs = performance.now() + Math.random() * 3;
    while (performance.now() < untilMs);
    child.kill("SIGKILL");
  }
  await child.exited;
  expect(child.signalCode).toBe("SIGKILL");
  return Number(text.split("\n").at(-2));
}

function check(path: string): unknown {
  const db = new Database(path);
  try {
    return db.query<{ integrity_check: string }, []>("PRAGMA integrity_check").get()?.integrity_check;
  } finally {
    db.close();
  }
}
