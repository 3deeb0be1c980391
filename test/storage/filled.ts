// Makes a metrics.db in a bs9 home, as an agent leaves it when it ends.
import { join } from "node:path";
import type { Sample } from "../../src/metrics/sample.ts";
import { openSqlite } from "../../src/storage/sqlite/sqlite.ts";
import { hostSample, intervalMs } from "./samples.ts";

/** Stores this number of ticks, which end at the present time; returns the path of metrics.db. */
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
