// Exports, read with foreign parsers: JSON.parse, csv-parse and Prometheus' own OpenMetrics parser.
import { expect, test } from "bun:test";
import { defaultKeeping } from "../../src/config/keeping.ts";
import { hostName } from "../../src/metrics/subject.ts";
import { exportedColumns } from "../../src/storage/export/columns.ts";
import { familiesOf } from "../../src/storage/export/families.ts";
import { openMetrics } from "../../src/storage/export/openmetrics.ts";
import { rowsAsCsv, rowsAsJson } from "../../src/storage/export/text.ts";
import type { StorageRow } from "../../src/storage/storage.ts";
import { emptyKept, openMemory } from "./memory.ts";
import { hasOpenMetricsParser, parseCsv, parseOpenMetrics } from "./parsers.ts";
import { beginMs, hostSample, intervalMs, sample } from "./samples.ts";

/** This directory cannot be created: the exports of this file are small enough to stay in memory. */
const folder = "/proc/self/none";
const always = { fromMs: 0, toMs: Number.MAX_SAFE_INTEGER };

/** Services cannot have these names, but the exports have to escape them all the same. */
const names = ["web", 'a "quoted", name', "line\nbreak\\n"];

async function rowsOf(ticks: number): Promise<() => AsyncIterable<StorageRow>> {
  const storage = openMemory(emptyKept(), defaultKeeping, () => beginMs);
  for (let n = 0; n < ticks; n++) {
    const samples = names.map((name, i) =>
      sample(name, n, { cpuPercent: n === 0 ? null : n / 3, restarts: n, health: i === 0 ? "unhealthy" : "unknown" }),
    );
    await storage.append({ atMs: beginMs + n * intervalMs + 7, samples });
  }
  return () => storage.rows(always, null);
}

async function text(chunks: AsyncIterable<string>): Promise<string> {
  return (await Array.fromAsync(chunks)).join("");
}

test.each([0, 1, 700])("a JSON export of %d ticks has every row and column", async (ticks) => {
  const rows = await rowsOf(ticks);
  const parsed = JSON.parse(await text(rowsAsJson(rows(), "service"))) as Record<string, unknown>[];
  expect(parsed.length).toBe(3 * ticks);
  if (ticks === 0) return;
  expect(Object.keys(parsed[0] ?? {})).toEqual([...exportedColumns("service")]);
  const last = { at: new Date(beginMs + (ticks - 1) * intervalMs + 7).toISOString(), service: "web", state: "active", health: "unhealthy" };
  expect(parsed.filter(({ service }) => service === "web").at(-1)).toMatchObject({
    ...last,
    restarts: ticks - 1,
    openFiles: null,
    samples: 1,
  });
});

test.each([0, 1, 700])("a CSV export of %d ticks has every row, and empty fields for nulls", async (ticks) => {
  const rows = await rowsOf(ticks);
  const written = await text(rowsAsCsv(rows(), "service"));
  expect(written.startsWith("at,service,state,health,cpuPercent,memoryBytes,tasks,restarts,")).toBe(true);
  const parsed = parseCsv(written);
  expect(parsed.length).toBe(3 * ticks);
  expect(new Set(parsed.map(({ service }) => service))).toEqual(new Set(ticks === 0 ? [] : names));
  for (const [i, record] of parsed.filter(({ service }) => service === names[2]).entries()) {
    expect(record["at"]).toBe(new Date(beginMs + i * intervalMs + 7).toISOString());
    expect(record["cpuPercent"]).toBe(i === 0 ? "" : String(Number((i / 3).toPrecision(7))));
    expect([record["memoryBytes"], record["tasks"], record["restarts"], record["openFiles"]]).toEqual([
      String((i % 1000) * 4096 + 40_000_000),
      "9",
      String(i),
      "",
    ]);
  }
});

test.skipIf(!hasOpenMetricsParser)("an OpenMetrics export has every figure with a value, its type and its unit", async () => {
  const ticks = 300;
  const written = await text(openMetrics((await rowsOf(ticks))(), "service", folder));
  const parsed = await parseOpenMetrics(written);
  // A figure without any value has no family.
  const isKnown = ({ name }: { name: string }) => !/open_files|(memory|io)_pressure|request|event_loop/.test(name);
  expect(parsed.map(([name, type, unit]) => [name, type, unit])).toEqual(
    familiesOf("service")
      .filter(isKnown)
      .map(({ name, type, unit }) => [name, type, unit ?? ""]),
  );
  const of = (name: string) => parsed.find(([family]) => family === name)?.[3] ?? [];
  expect(of("bs9_service_up").length).toBe(3 * ticks);
  expect(of("bs9_service_cpu_ratio").length).toBe(3 * (ticks - 1));
  expect(of("bs9_service_healthy").map(([, labels]) => labels["service"])).toEqual(Array<string>(ticks).fill("web"));
  expect(new Set(of("bs9_service_restarts").map(([, labels]) => labels["service"]))).toEqual(new Set(names));
  const [name, , value, at] = of("bs9_service_restarts").findLast(([, labels]) => labels["service"] === "web") ?? [];
  expect([name, value]).toEqual(["bs9_service_restarts_total", ticks - 1]);
  expect(at).toBeCloseTo((beginMs + (ticks - 1) * intervalMs + 7) / 1000, 3);
});

test.skipIf(!hasOpenMetricsParser)("an OpenMetrics export without rows is only the end mark", async () => {
  const written = await text(openMetrics((await rowsOf(0))(), "service", folder));
  expect(written).toBe("# EOF\n");
  expect(await parseOpenMetrics(written)).toEqual([]);
});

test("export writes pieces whose size does not grow with the number of rows", async () => {
  const rows = await rowsOf(1000);
  for (const pieces of [rowsAsJson(rows(), "service"), rowsAsCsv(rows(), "service"), openMetrics(rows(), "service", folder)]) {
    const lengths = (await Array.fromAsync(pieces)).map((piece) => piece.length);
    expect(lengths.length).toBeGreaterThan(5);
    expect(Math.max(...lengths)).toBeLessThan(500 * 800);
  }
});

test("an export of the host has the figures of the host", async () => {
  const storage = openMemory(emptyKept(), defaultKeeping, () => beginMs);
  await storage.append({ atMs: beginMs, samples: [sample("web", 1)], host: hostSample(7, { swapBytes: 0.4 }) });
  const rows = () => storage.rows(always, hostName);
  const [record] = JSON.parse(await text(rowsAsJson(rows(), "host"))) as Record<string, unknown>[];
  expect(Object.keys(record ?? {})).toEqual([...exportedColumns("host")]);
  expect(record).toMatchObject({
    service: hostName,
    state: null,
    restarts: null,
    load1: hostSample(7).load1,
    swapBytes: 0,
    ioPressurePercent: null,
  });
  const [line] = parseCsv(await text(rowsAsCsv(rows(), "host")));
  expect([line?.["service"], line?.["state"], line?.["homeFreeBytes"]]).toEqual([hostName, "", String(hostSample(7).homeFreeBytes)]);
  const written = await text(openMetrics(rows(), "host", folder));
  expect(written).toContain(`# TYPE bs9_host_memory_total_bytes gauge\n# UNIT bs9_host_memory_total_bytes bytes\n`);
  expect(written).toContain(`\nbs9_host_memory_used_ratio ${(hostSample(7).memoryPercent ?? 0) / 100} ${beginMs / 1000}\n`);
  expect(written).not.toContain("io_pressure");
  if (hasOpenMetricsParser) expect((await parseOpenMetrics(written)).every(([name]) => name.startsWith("bs9_host_"))).toBe(true);
});
