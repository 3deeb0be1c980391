// What a thousand services cost the agent: a tick, its memory, the last day of one service, and the size of 40 days.
import { mkdirSync, rmdirSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { defaultKeeping } from "../../src/config/keeping.ts";
import { cgroupRoot } from "../../src/metrics/cgroup.ts";
import { counterReader } from "../../src/metrics/counters.ts";
import { openSqliteReader } from "../../src/storage/sqlite/reader.ts";
import { openSqlite } from "../../src/storage/sqlite/sqlite.ts";
import { tempDir } from "../harness.ts";
import { beginMs, samplesOf } from "../storage/samples.ts";
import { call } from "./command.ts";
import { cpuMs, type Line, linesTable } from "./line.ts";

const services = 1000;
const dayMs = 86_400_000;
const ticksOfDay = 17_280;

export async function storage(): Promise<string[]> {
  const folder = tempDir();
  try {
    const path = join(folder, "metrics.db");
    const lines: Line[] = [...counters()];
    lines.push(...(await inChild("ticks", path)), ...(await inChild("read", path)));
    lines.push(...(await inChild("days", join(folder, "days.db"))));
    return linesTable("STORAGE", lines);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** In a process of its own, so that its memory and CPU are its own. */
async function inChild(part: string, path: string): Promise<Line[]> {
  console.log(`measuring ${part} …`);
  return JSON.parse((await call(process.execPath, import.meta.path, part, path)).stdout) as Line[];
}

/** A day of ticks every 5 s, with the garbage collected every 20 s, as the agent is to do it. */
async function ticks(path: string): Promise<Line[]> {
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
  return [
    {
      what: "append, turn and garbage collection, CPU of a tick (mean)",
      value: costs.reduce((a, b) => a + b, 0) / costs.length,
      unit: "ms",
      target: 5,
    },
    { what: "… in 99 of 100 ticks below", value: costs[Math.floor(costs.length * 0.99)] ?? Number.NaN, unit: "ms", target: null },
    { what: "RSS after 1,000 ticks", value: rss.get(1000) ?? Number.NaN, unit: "MB", target: null },
    { what: "RSS after 10,000 ticks", value: rss.get(10_000) ?? Number.NaN, unit: "MB", target: 80 },
    { what: "RSS after a day", value: rss.get(ticksOfDay) ?? Number.NaN, unit: "MB", target: 80 },
  ];
}

/** The last day of a service, by a process that has not read before. */
async function read(path: string): Promise<Line[]> {
  const nowMs = beginMs + ticksOfDay * defaultKeeping.intervalMs;
  const range = { fromMs: nowMs - dayMs, toMs: nowMs + 1 };
  const reader = openSqliteReader(path);
  const lines: Line[] = [];
  for (const [what, service, stepMs] of [
    ["first read, by the minute", "s500", 60_000],
    ["again, by the minute", "s501", 60_000],
    ["as fine as there is", "s502", 5000],
  ] as const) {
    const began = performance.now();
    const { length } = await reader.series(service, range, stepMs);
    lines.push({ what: `last day of one service, ${what} (${length} points)`, value: performance.now() - began, unit: "ms", target: 20 });
  }
  await reader.close();
  return lines;
}

/** A tick in ten minutes fills every level with as many snapshots as one in five seconds does. */
async function days(path: string): Promise<Line[]> {
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
  return [{ what: "40 days of 1,000 services on disk", value, unit: "MB", target: 1000 }];
}

/** Of a thousand cgroups; empty where none may be made. */
function counters(): Line[] {
  const parent = join(cgroupRoot(), `bs9-bench-${process.pid}`);
  const folders = Array.from({ length: services }, (_, i) => join(parent, `s${i}`));
  try {
    mkdirSync(parent);
  } catch {
    return [];
  }
  for (const folder of folders) mkdirSync(folder);
  const counted = folders.map((folder, i) => ({ service: `s${i}`, group: { kind: "cgroup" as const, folder } }));
  const reader = counterReader();
  reader.read(counted, 0);
  const rounds = 50;
  const before = cpuMs();
  for (let round = 1; round <= rounds; round++) reader.read(counted, round);
  const value = (cpuMs() - before) / rounds;
  reader.close();
  for (const folder of [...folders, parent]) rmdirSync(folder);
  return [{ what: "reading the counters of 1,000 cgroups, CPU of a tick", value, unit: "ms", target: 10 }];
}

if (import.meta.main) {
  const parts: Record<string, (path: string) => Promise<Line[]>> = { ticks, read, days };
  console.log(JSON.stringify(await parts[process.argv[2] ?? ""]?.(process.argv[3] ?? "")));
}
