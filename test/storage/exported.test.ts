// Exports of a real metrics.db, read with foreign parsers: every state, every null, and clocks that were set.
import { afterEach, expect, test } from "bun:test";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { defaultKeeping } from "../../src/config/keeping.ts";
import { healths, type Sample, states } from "../../src/metrics/sample.ts";
import { openMetrics } from "../../src/storage/export/openmetrics.ts";
import { rowsAsCsv, rowsAsJson } from "../../src/storage/export/text.ts";
import { openSqliteReader } from "../../src/storage/sqlite/reader.ts";
import { openSqlite } from "../../src/storage/sqlite/sqlite.ts";
import { tempDir } from "../harness.ts";
import { hasOpenMetricsParser, parseCsv, parseOpenMetrics } from "./parsers.ts";
import { beginMs, intervalMs, sample } from "./samples.ts";
import { always } from "./scene.ts";

const cleanUp: (() => unknown)[] = [];
afterEach(async () => {
  for (const act of cleanUp.splice(0).toReversed()) await act();
});

const hourMs = 3_600_000;
const nothing: Partial<Sample> = {
  elapsedMs: null,
  cpuPercent: null,
  cpuTimeMs: null,
  memoryBytes: null,
  memorySource: null,
  tasks: null,
  openFiles: null,
  ioReadBytes: null,
  ioWriteBytes: null,
  cpuPressurePercent: null,
  memoryPressurePercent: null,
  ioPressurePercent: null,
  latencyMs: null,
  restarts: null,
  restarted: null,
};

/** What an app with the preload tells. */
const told = (n: number): Partial<Sample> => ({
  requests: n,
  requestErrors: n % 3,
  requestP50Ms: 0.5,
  requestP95Ms: n + 1,
  requestsInFlight: 2,
  eventLoopLagMs: 0.25,
});

/** One service for every state and health, one without any figure, and one with every figure. */
function samplesAt(n: number): Sample[] {
  const each = states.flatMap((state) => healths.map((health) => sample(`${state}-${health}`, n, { state, health })));
  const all = { openFiles: 12, memoryPressurePercent: 0.25, ioPressurePercent: 100, cpuPercent: 1e-7, restarts: n, ...told(n) };
  return [...each, sample("none", n, { state: "inactive", health: "unknown", ...nothing }), sample("all", n, all)];
}

function tempFolder(): string {
  const folder = tempDir();
  cleanUp.push(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Stores ticks in stretches of [begin, count]; returns a function that reads them over another connection. */
async function kept(...stretches: [fromMs: number, ticks: number][]) {
  const path = join(tempFolder(), "metrics.db");
  let nowMs = beginMs;
  const storage = await openSqlite(path, { now: () => nowMs, minFreeBytes: 0 });
  let n = 0;
  for (const [fromMs, ticks] of stretches) {
    for (let i = 0; i < ticks; i++) {
      // As with a real clock, two ticks in a row differ in their fraction of a second.
      nowMs = beginMs + fromMs + i * intervalMs + ((n * 137) % 1000);
      expect(await storage.append({ atMs: nowMs, samples: samplesAt(n++) })).toEqual({ stored: true });
      await storage.turn();
    }
  }
  await storage.close();
  const reader = openSqliteReader(path);
  cleanUp.push(() => reader.close());
  return () => reader.rows(always, null);
}

const text = async (pieces: AsyncIterable<string>) => (await Array.fromAsync(pieces)).join("");

const stories: [string, [number, number][]][] = [
  ["ticks without a gap", [[0, 150]]],
  ["more ticks than are kept as single samples, so that rows of several levels are exported", [[0, 2600]]],
  [
    "a clock set back by an hour",
    [
      [0, 900],
      [900 * intervalMs - hourMs, 200],
    ],
  ],
  [
    "a clock set back by less than a tick and by a minute",
    [
      [0, 100],
      [99 * intervalMs - 2000, 100],
      [180 * intervalMs - 60_000, 100],
    ],
  ],
  [
    "a clock set forward by an hour, and back again",
    [
      [0, 100],
      [100 * intervalMs + hourMs, 100],
      [200 * intervalMs, 900],
    ],
  ],
];

test.each(stories)(
  "%s: JSON and CSV have the same rows, and the times of each service rise",
  async (_, stretches) => {
    const rows = await kept(...stretches);
    const objects = JSON.parse(await text(rowsAsJson(rows(), "service"))) as Record<string, string | number | null>[];
    const records = parseCsv(await text(rowsAsCsv(rows(), "service")));
    expect(records).toEqual(
      objects.map((one) => Object.fromEntries(Object.entries(one).map(([key, value]) => [key, String(value ?? "")]))),
    );
    expect(new Set(objects.map(({ service }) => service)).size).toBe(states.length * healths.length + 2);
    for (const [name, series] of Map.groupBy(objects, ({ service }) => String(service))) {
      const times = series.map(({ at }) => Date.parse(String(at)));
      expect([name, times.every((atMs, i) => i === 0 || atMs > (times[i - 1] ?? 0))]).toEqual([name, true]);
      const [state, health] = name.split("-");
      if (health !== undefined) expect(series.every((one) => one["state"] === state && one["health"] === health)).toBe(true);
    }
    for (const one of objects.filter(({ service }) => service === "none")) {
      const { at, service, state, health, samples, ...rest } = one;
      expect(Object.values(rest).every((value) => value === null)).toBe(true);
    }
  },
  240_000,
);

test.skipIf(!hasOpenMetricsParser).each(stories)(
  "%s: Prometheus' parser accepts the OpenMetrics export",
  async (_, stretches) => {
    const rows = await kept(...stretches);
    const families = await parseOpenMetrics(await text(openMetrics(rows(), "service", tempFolder())));
    const series = new Map<string, number[]>();
    for (const [, , , samples] of families)
      for (const [name, labels, , at] of samples) {
        const key = `${name} ${labels["service"]}`;
        series.set(key, [...(series.get(key) ?? []).slice(-1), at]);
        const [before, now] = series.get(key) ?? [];
        if (now !== undefined) expect(now).toBeGreaterThan(before ?? now);
      }
    const seen = await Array.fromAsync(rows());
    expect(families.find(([name]) => name === "bs9_service_up")?.[3].length).toBe(seen.length);
    expect(families.find(([name]) => name === "bs9_service_healthy")?.[3].length).toBe(
      seen.filter(({ health }) => health !== "unknown").length,
    );
    const named = (name: string) => families.find(([family]) => family === name)?.[3].map(([, labels]) => labels["service"]) ?? [];
    expect(new Set(named("bs9_service_open_files"))).toEqual(new Set(["all"]));
    expect(named("bs9_service_memory_bytes")).not.toContain("none");
  },
  240_000,
);

test.skipIf(!hasOpenMetricsParser)(
  "all OpenMetrics families have the same rows, although rows are deleted during the export",
  async () => {
    const path = join(tempFolder(), "metrics.db");
    let nowMs = beginMs;
    const keep = { snapshots: 60 };
    const keeping = { ...defaultKeeping, raw: keep, minutes: keep };
    const storage = await openSqlite(path, { keeping, now: () => nowMs, minFreeBytes: 0 });
    const reader = openSqliteReader(path, keeping);
    cleanUp.push(
      () => storage.close(),
      () => reader.close(),
    );
    const ticks = async (count: number) => {
      for (let n = 0; n < count; n++) {
        nowMs += intervalMs;
        await storage.append({ atMs: nowMs, samples: ["a", "b"].map((name) => sample(name, n)) });
        await storage.turn();
      }
    };
    await ticks(300);
    const pieces: string[] = [];
    for await (const piece of openMetrics(reader.rows({ fromMs: 0, toMs: nowMs + 1 }, null), "service", tempFolder())) {
      pieces.push(piece);
      await ticks(100);
    }
    const families = await parseOpenMetrics(pieces.join(""));
    const rows = families.map(([, , , samples]) => samples.map(([, { service }, , at]) => `${service} ${at}`));
    expect(rows.length).toBeGreaterThan(5);
    expect(rows[0]?.length).toBeGreaterThan(100);
    for (const of of rows) expect(of).toEqual(rows[0] ?? []);
  },
  240_000,
);

test.skipIf(!hasOpenMetricsParser)("Prometheus' parser refuses times that go back, even by less than a second", async () => {
  const told = (...times: string[]) => `# TYPE a gauge\n${times.map((at) => `a 1 ${at}\n`).join("")}# EOF\n`;
  expect((await parseOpenMetrics(told("1795550743.79", "1795550744.781")))[0]?.[3].length).toBe(2);
  await expect(parseOpenMetrics(told("1795550744.79", "1795550743.81"))).rejects.toThrow("went backwards");
  await expect(parseOpenMetrics(told("1795550744.79", "1795550744.781"))).rejects.toThrow("went backwards");
});
