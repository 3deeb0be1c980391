// A metrics.db in a home of bs9, as an agent that has ended would have left it.
import { join } from "node:path";
import type { Sample } from "../../src/metrics/sample.ts";
import { openSqlite } from "../../src/storage/sqlite/sqlite.ts";
import { hostSample, intervalMs } from "./samples.ts";

/** Ticks up to now; returns where it is. */
export async function fill(bs9Home: string, ticks: number, samplesAt: (n: number) => Sample[]): Promise<string> {
  const path = join(bs9Home, "config/metrics/metrics.db");
  let nowMs = Date.now() - ticks * intervalMs;
  const storage = await openSqlite(path, { now: () => nowMs, minFreeBytes: 0 });
  try {
    for (let n = 0; n < ticks; n++) {
      const stored = await storage.append({ atMs: nowMs, samples: samplesAt(n), host: hostSample(n) });
      if (!stored.stored) throw new Error(stored.reason);
      await storage.turn();
      nowMs += intervalMs;
    }
  } finally {
    await storage.close();
  }
  return path;
}
