// The cost of the agent with a thousand services: a whole tick, and its memory over ten thousand ticks.
import { mkdirSync, rmdirSync, rmSync } from "node:fs";
import { join, relative } from "node:path";
import { Turns } from "../../src/agent/turns.ts";
import type { Reading } from "../../src/backend/backend.ts";
import { releaseMemory } from "../../src/base/memory.ts";
import { defaultHealth } from "../../src/config/health.ts";
import { defaultKeeping } from "../../src/config/keeping.ts";
import { cgroupRoot, readPids } from "../../src/metrics/cgroup.ts";
import { Registry } from "../../src/service/registry.ts";
import { openSqlite } from "../../src/storage/sqlite/sqlite.ts";
import { quiet } from "../agent/stage.ts";
import { tempDir, until } from "../harness.ts";
import { specNamed } from "../spec.ts";
import { cpuMs } from "./cpu.ts";
import { call } from "./pm2/call.ts";
import type { Figure, Proof } from "./proof.ts";

const services = 1000;
const ticks = 10_000;

const cpuMean = "CPU of a tick of 1,000 services, mean";
const cpu99 = "CPU of a tick of 1,000 services, 99th percentile";
const rssEarly = "RSS after 1,000 ticks of 1,000 services";
const rssLate = "RSS after 10,000 ticks of 1,000 services";

export const proof: Proof = {
  word: "agent",
  what: "CPU and memory of the agent over 10,000 ticks of 1,000 services",
  figures: [cpuMean, cpu99, rssEarly, rssLate],
  impossible: () => (process.getuid?.() === 0 ? null : "only root can make 1,000 control groups"),
  async run(report) {
    report.command(`bun ${relative(process.cwd(), import.meta.path)}`);
    for (const figure of JSON.parse((await call(process.execPath, import.meta.path)).stdout) as Figure[]) report.figure(figure);
  },
};

/** Runs in a separate process. Each service is a process in its own control group; the clocks advance five seconds per tick. */
async function measure(): Promise<Figure[]> {
  const home = tempDir();
  const parent = join(cgroupRoot(), `bs9-bench-${process.pid}`);
  const names = Array.from({ length: services }, (_, i) => `s${i + 1}`);
  const folders = names.map((name) => join(parent, name));
  mkdirSync(parent);
  for (const folder of folders) mkdirSync(folder);
  // The services are started by another process, because this process should not become larger than the agent.
  const start = `for folder in "$1"/*/; do sh -c 'echo $$ >"$1cgroup.procs"; exec sleep infinity' sh "$folder" & done`;
  await call("sh", "-c", `${start} >/dev/null 2>&1 </dev/null`, "sh", parent);
  await until(() => folders.every((folder) => readPids(folder).length === 1), { what: "a process in each", timeoutMs: 60_000 });
  const pids = new Map(names.map((name, i) => [name, readPids(folders[i] ?? "")[0] ?? null]));
  const clock = { nowMs: Date.now(), uptimeMs: 0 };
  const storage = await openSqlite(join(home, "metrics.db"), { now: () => clock.nowMs });
  const registry = new Registry({ config: join(home, "config"), state: join(home, "state") });
  for (const name of names) registry.commit(specNamed(name));
  const turns = new Turns({
    deps: {
      registry,
      trail: { append: async () => {}, last: () => null, newestFirst: function* () {} },
      now: () => clock.nowMs,
      backend: {
        ...quiet,
        watch: async () => ({ synced: async () => {}, close() {} }),
        read: async (asked) => asked.map((name) => readingOf(name, join(parent, name), pids.get(name) ?? null)),
        recycle: async () => {},
      },
    },
    paths: { home, config: home, state: home },
    keeping: defaultKeeping,
    health: defaultHealth,
    storage,
    channels: { use: () => true, put: () => [], turned: () => {}, notices: () => [] },
    monotonicMs: () => clock.uptimeMs,
    say: (sentence) => console.error(sentence),
  });
  const rss = new Map<number, number>();
  const costs = new Float64Array(ticks);
  for (let n = 1; n <= ticks; n++) {
    clock.nowMs += defaultKeeping.intervalMs;
    clock.uptimeMs += defaultKeeping.intervalMs;
    const before = cpuMs();
    await turns.turn();
    // As in the agent, memory is released once a minute.
    if (n % 12 === 0) await releaseMemory();
    costs[n - 1] = cpuMs() - before;
    if (n === 1000 || n === ticks) rss.set(n, process.memoryUsage.rss() / 1e6);
  }
  await turns.close();
  await storage.close();
  for (const pid of pids.values()) if (pid !== null) process.kill(pid, "SIGKILL");
  await until(() => folders.every((folder) => readPids(folder).length === 0), { what: "all have ended" });
  for (const folder of [...folders, parent]) rmdirSync(folder);
  rmSync(home, { recursive: true });
  costs.sort();
  const promised = (atMost: number) => ({ of: "value" as const, atMost });
  return [
    { what: cpuMean, value: costs.reduce((a, b) => a + b, 0) / ticks, unit: "ms", target: promised(15) },
    { what: cpu99, value: costs[Math.floor(ticks * 0.99)] ?? Number.NaN, unit: "ms", target: null },
    { what: rssEarly, value: rss.get(1000) ?? Number.NaN, unit: "MB", target: null },
    { what: rssLate, value: rss.get(ticks) ?? Number.NaN, unit: "MB", target: promised(80) },
  ];
}

function readingOf(name: string, folder: string, mainPid: number | null): Reading {
  return {
    name,
    unit: `${name}.service`,
    state: "active",
    mainPid,
    restarts: 0,
    end: null,
    group: { kind: "cgroup", folder },
    cpu: null,
    waits: null,
    wanted: true,
  };
}

if (import.meta.main) console.log(JSON.stringify(await measure()));
