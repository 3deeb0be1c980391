// The cost of a thousand services for the agent: a tick, its memory, the last day of one service, and the size of 40 days.
import { mkdirSync, rmdirSync, rmSync, statSync } from "node:fs";
import { basename, join, relative } from "node:path";
import { defaultKeeping } from "../../src/config/keeping.ts";
import { cgroupRoot } from "../../src/metrics/cgroup.ts";
import { counterReader } from "../../src/metrics/counters.ts";
import { openSqliteReader } from "../../src/storage/sqlite/reader.ts";
import { openSqlite } from "../../src/storage/sqlite/sqlite.ts";
import { tempDir } from "../harness.ts";
import { beginMs, samplesOf } from "../storage/samples.ts";
import { cpuMs } from "./cpu.ts";
import { call } from "./pm2/call.ts";
import type { Figure, Proof, Target } from "./proof.ts";

const services = 1000;
const dayMs = 86_400_000;
const ticksOfDay = 17_280;

const what = {
  counters: "reading the counters of 1,000 control groups, CPU of a tick",
  appendMean: "append, rollup and garbage collection, CPU of a tick, mean",
  append99: "append, rollup and garbage collection, CPU of a tick, 99th percentile",
  rssEarly: "RSS of the storage after 1,000 ticks",
  rssLate: "RSS of the storage after 10,000 ticks",
  rssDay: "RSS of the storage after a day",
  first: "last day of one service by the minute, first read",
  again: "last day of one service by the minute, second read",
  fine: "last day of one service in steps of 5 s",
  disk: "40 days of 1,000 services on disk",
};

const atMost = (value: number): Target => ({ of: "value", atMost: value });

export const proof: Proof = {
  word: "storage",
  what: "what 1,000 services cost metrics.db: CPU of a tick, memory, reads and disk",
  figures: Object.values(what),
  impossible: () => (process.getuid?.() === 0 ? null : "only root can make 1,000 control groups"),
  async run(report) {
    const folder = tempDir();
    // Each part runs in a separate process, so that its memory and CPU are measured alone.
    const measure = async (part: string, path: string) => {
      const argv = [process.execPath, import.meta.path, part, path];
      report.command(`bun ${relative(process.cwd(), import.meta.path)} ${part} ${basename(path)}`);
      for (const figure of JSON.parse((await call(...argv)).stdout) as Figure[]) report.figure(figure);
    };
    try {
      await measure("counters", "-");
      await measure("ticks", join(folder, "metrics.db"));
      await measure("read", join(folder, "metrics.db"));
      await measure("days", join(folder, "days.db"));
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
};

/** A day of ticks every 5 s, with garbage collection every 20 s, as the agent does. */
async function ticks(path: string): Promise<Figure[]> {
  let nowMs = beginMs;
  const store = await openSqlite(path, { now: () => nowMs });
  const costs = new Float64Array(ticksOfDay);
  const rss = new Map<number, number>();
  for (let n = 1; n <= ticksOfDay; n++) {
    nowMs += defaultKeeping.intervalMs;
    const samples = samplesOf(services, n);
    const before = cpuMs();
    const { stored } = await store.append({ atMs: nowMs, samples });
    await store.turn();
    if (n % 4 === 0) Bun.gc(true);
    costs[n - 1] = cpuMs() - before;
    if (!stored) throw new Error(store.notices().join());
    if (n === 1000 || n === 10_000 || n === ticksOfDay) rss.set(n, process.memoryUsage.rss() / 1e6);
  }
  await store.close();
  costs.sort();
  const rssAfter = (n: number) => rss.get(n) ?? Number.NaN;
  return [
    { what: what.appendMean, value: costs.reduce((a, b) => a + b, 0) / costs.length, unit: "ms", target: atMost(5) },
    { what: what.append99, value: costs[Math.floor(costs.length * 0.99)] ?? Number.NaN, unit: "ms", target: null },
    { what: what.rssEarly, value: rssAfter(1000), unit: "MB", target: null },
    { what: what.rssLate, value: rssAfter(10_000), unit: "MB", target: atMost(80) },
    { what: what.rssDay, value: rssAfter(ticksOfDay), unit: "MB", target: atMost(80) },
  ];
}

/** The last day of a service, read by a process that has read nothing before. */
async function read(path: string): Promise<Figure[]> {
  const nowMs = beginMs + ticksOfDay * defaultKeeping.intervalMs;
  const range = { fromMs: nowMs - dayMs, toMs: nowMs + 1 };
  const reader = openSqliteReader(path);
  const figures: Figure[] = [];
  for (const [name, service, stepMs] of [
    [what.first, "s500", 60_000],
    [what.again, "s501", 60_000],
    [what.fine, "s502", 5000],
  ] as const) {
    const began = performance.now();
    await reader.series(service, range, stepMs);
    figures.push({ what: name, value: performance.now() - began, unit: "ms", target: atMost(20) });
  }
  await reader.close();
  return figures;
}

/** A tick every ten minutes fills every level with as many snapshots as one every five seconds does. */
async function days(path: string): Promise<Figure[]> {
  let nowMs = beginMs;
  const intervalMs = 600_000;
  const store = await openSqlite(path, { now: () => nowMs, keeping: { ...defaultKeeping, intervalMs } });
  for (let n = 1; n <= (40 * dayMs) / intervalMs; n++) {
    nowMs += intervalMs;
    await store.append({ atMs: nowMs, samples: samplesOf(services, n) });
    await store.turn();
  }
  const value = (statSync(path).size + statSync(`${path}-wal`).size) / 1e6;
  await store.close();
  return [{ what: what.disk, value, unit: "MB", target: atMost(1000) }];
}

async function counters(): Promise<Figure[]> {
  const parent = join(cgroupRoot(), `bs9-bench-${process.pid}`);
  const folders = Array.from({ length: services }, (_, i) => join(parent, `s${i}`));
  for (const folder of [parent, ...folders]) mkdirSync(folder);
  const counted = folders.map((folder, i) => ({ service: `s${i}`, group: { kind: "cgroup" as const, folder } }));
  const reader = counterReader();
  reader.read(counted, 0);
  const rounds = 50;
  const before = cpuMs();
  for (let round = 1; round <= rounds; round++) reader.read(counted, round);
  const value = (cpuMs() - before) / rounds;
  reader.close();
  for (const folder of [...folders, parent]) rmdirSync(folder);
  return [{ what: what.counters, value, unit: "ms", target: atMost(10) }];
}

if (import.meta.main) {
  const parts: Record<string, (path: string) => Promise<Figure[]>> = { counters, ticks, read, days };
  console.log(JSON.stringify(await parts[process.argv[2] ?? ""]?.(process.argv[3] ?? "")));
}
