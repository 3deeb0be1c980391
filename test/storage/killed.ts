// Kills a process that appends to metrics.db with SIGKILL at random moments, many times.
import { Database } from "bun:sqlite";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { openSqlite } from "../../src/storage/sqlite/sqlite.ts";
import { tempDir } from "../harness.ts";
import { beginMs, intervalMs } from "./samples.ts";

export type Survived = {
  /** Rounds after which SQLite's integrity check found a fault, or the storage had something to report. */
  broken: number;
  /** Ticks that the process had reported as stored and that were missing afterwards. */
  lost: number;
  /**
   * The number of stored ticks that were not reported as stored; the tick that was being reported at the moment of the kill may
   * be one of them.
   */
  mostUnreported: number;
  /** Ticks that the rows of two services hold in the end, and how many were stored. */
  rows: { ticks: number; stored: number }[];
  /** Rows whose length does not match the number of their samples. */
  distorted: number;
};

export async function killWhileAppending(rounds: number): Promise<Survived> {
  const folder = tempDir();
  const path = join(folder, "metrics.db");
  const survived: Survived = { broken: 0, lost: 0, mostUnreported: 0, rows: [], distorted: 0 };
  try {
    let last = -1;
    for (let round = 0; round < rounds; round++) {
      const told = await appendUntilKilled(path, 1 + Math.floor(Math.random() * 40));
      const isWhole = check(path) === "ok";
      const storage = await openSqlite(path, { now: () => beginMs, minFreeBytes: 0 });
      if (!isWhole || storage.notices().length > 0) survived.broken++;
      last = (await storage.newest(null))?.points.get("s1")?.ioReadBytes ?? -1;
      survived.lost += Math.max(0, told - last);
      survived.mostUnreported = Math.max(survived.mostUnreported, last - told);
      await storage.close();
    }
    const storage = await openSqlite(path, { now: () => beginMs, minFreeBytes: 0 });
    const since = { fromMs: beginMs, toMs: Number.MAX_SAFE_INTEGER };
    for (const service of ["s1", "s40"]) {
      const rows = await Array.fromAsync(storage.rows(since, service));
      survived.rows.push({ ticks: rows.reduce((sum, { samples }) => sum + samples, 0), stored: last + 1 });
      survived.distorted += rows.filter(({ elapsedMs, samples }) => elapsedMs !== samples * intervalMs).length;
    }
    await storage.close();
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  return survived;
}

/** Kills the process at a random moment after `ticks` ticks; returns the last tick that it reported. */
async function appendUntilKilled(path: string, ticks: number): Promise<number> {
  const child = Bun.spawn([process.execPath, join(import.meta.dir, "appender.ts"), path], { stdout: "pipe", stderr: "inherit" });
  let text = "";
  for await (const chunk of child.stdout.pipeThrough(new TextDecoderStream())) {
    text += chunk;
    if (text.split("\n").length <= ticks) continue;
    // A random delay, so that the kill comes at any point of the next tick, not only just after a report.
    const untilMs = performance.now() + Math.random() * 3;
    while (performance.now() < untilMs);
    child.kill("SIGKILL");
  }
  await child.exited;
  if (child.signalCode !== "SIGKILL") throw new Error(`the process that appends ended by itself with ${child.exitCode}`);
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
