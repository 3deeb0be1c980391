// Appends ticks as fast as it can until it is killed, and reports each stored tick: `bun appender.ts FILE`.
import { openSqlite } from "../../src/storage/sqlite/sqlite.ts";
import { beginMs, intervalMs, samplesOf } from "./samples.ts";

let nowMs = beginMs;
const storage = await openSqlite(process.argv[2] ?? "", { now: () => nowMs, minFreeBytes: 0 });
const before = (await storage.newest(null))?.points.get("s1")?.ioReadBytes ?? -1;
for (let n = before + 1; ; n++) {
  nowMs = beginMs + n * intervalMs;
  const { stored } = await storage.append({ atMs: nowMs, samples: samplesOf(40, n) });
  if (stored) process.stdout.write(`${n}\n`);
  await storage.turn();
}
