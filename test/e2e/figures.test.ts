// Figures of real services under load, compared with /proc of the same processes in the same time.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { type Lab, lab, until } from "../harness.ts";
import { hasOpenMetricsParser, parseCsv, parseOpenMetrics } from "../storage/parsers.ts";
import { bs9, statusOf } from "./bs9.ts";

let it: Lab;
const names = ["burns", "serves", "holds"] as const;
const spanSec = 15;

/** Two processes that are busy for a third of the time. */
const burns = `import { spawn } from "node:child_process";
if (!process.env["CHILD"]) spawn(process.execPath, [import.meta.path], { env: { ...process.env, CHILD: "1" } });
setInterval(() => { const end = performance.now() + 30; while (performance.now() < end); }, 90);
`;
const serves = `const server = Bun.serve({ port: Number(process.env["PORT"]), fetch: () => Response.json({ at: Date.now() }) });
setInterval(() => fetch(server.url).then((r) => r.text()), 2);
`;
const holds = "globalThis.held = Buffer.alloc(150e6, 7); setInterval(() => {}, 1000);\n";

beforeAll(async () => {
  it = await lab("figures");
  await it.writeFile("ops", ".config/bs9/config.toml", '[metrics]\ninterval = "1s"\n');
  for (const [name, text] of Object.entries({ burns, serves, holds })) await it.writeFile("ops", `apps/${name}.ts`, text);
  await bs9(it, "start", "apps/burns.ts");
  await bs9(it, "start", "apps/serves.ts", "--port", "4600");
  await bs9(it, "start", "apps/holds.ts");
}, 300_000);
afterAll(() => it.down());

type Counted = { atMs: number; ticks: number; residentBytes: number };

/** Sums over all processes of each service: utime and stime in clock ticks, and resident pages. */
async function counted(): Promise<Map<string, Counted>> {
  const script = `slice=$(find /sys/fs/cgroup -type d -path '*bs9.slice' 2>/dev/null | head -n 1)
for name in ${names.join(" ")}; do
  ticks=0; pages=0
  for pid in $(cat "$slice/$name.service/cgroup.procs"); do
    set -- $(sed 's/.*) //' /proc/$pid/stat); ticks=$((ticks + \${12} + \${13})); pages=$((pages + \${22}))
  done
  echo "$name $ticks $pages $(date +%s%3N)"
done`;
  const { stdout } = await it.asUser("ops", ["sh", "-c", script]);
  const lines = stdout.trim().split("\n");
  return new Map(
    lines.map((line): [string, Counted] => {
      const [name = "", ticks, pages, atMs] = line.split(" ");
      return [name, { atMs: Number(atMs), ticks: Number(ticks), residentBytes: Number(pages) * 4096 }];
    }),
  );
}

test("CPU and memory differ by at most five percent from /proc", async () => {
  await until(async () => (await statusOf(it, "burns")).figuresFrom === "agent", { what: "the agent answers" });
  // Waits until the services have grown to their final size.
  await Bun.sleep(3000);
  const before = await counted();
  await Bun.sleep(spanSec * 1000);
  const after = await counted();
  const { stdout } = await bs9(it, "export", "--hours", "1", "--format", "json");
  type Row = { at: string; service: string; cpuPercent: number | null; elapsedMs: number | null; memoryBytes: number | null };
  const rows = JSON.parse(stdout) as Row[];
  for (const name of names) {
    const [first, last] = [before.get(name), after.get(name)];
    if (first === undefined || last === undefined) throw new Error(`nothing of ${name} in /proc`);
    const inSpan = rows.filter((row) => row.service === name && Date.parse(row.at) > first.atMs && Date.parse(row.at) <= last.atMs);
    expect(inSpan.length).toBeGreaterThanOrEqual(spanSec - 3);
    const used = inSpan.reduce((sum, { cpuPercent, elapsedMs }) => sum + (cpuPercent ?? 0) * (elapsedMs ?? 0), 0);
    const cpu = used / inSpan.reduce((sum, { elapsedMs }) => sum + (elapsedMs ?? 0), 0);
    const expected = ((last.ticks - first.ticks) * 1000) / (last.atMs - first.atMs);
    // A service with very little load is below the ten milliseconds in which /proc counts.
    if (expected > 5) expect([name, Math.abs(cpu - expected) / expected < 0.05, cpu, expected]).toEqual([name, true, cpu, expected]);
    else expect(cpu).toBeLessThan(6);
    const bytes = inSpan.at(-1)?.memoryBytes ?? 0;
    expect([name, Math.abs(bytes - last.residentBytes) / last.residentBytes < 0.05]).toEqual([name, true]);
  }
}, 240_000);

test("an independent parser reads the CSV of export", async () => {
  const csv = parseCsv((await bs9(it, "export", "--format", "csv")).stdout);
  expect(new Set(csv.map((row) => row["service"]))).toEqual(new Set(names));
  expect(csv.every((row) => Number.isFinite(Date.parse(row["at"] ?? "")) && row["state"] === "active")).toBe(true);
});

test.skipIf(!hasOpenMetricsParser)("the parser of Prometheus reads the OpenMetrics output", async () => {
  const families = await parseOpenMetrics((await bs9(it, "export", "--format", "openmetrics")).stdout);
  const cpu = families.find(([name]) => name === "bs9_service_cpu_ratio");
  expect(new Set(cpu?.[3].map(([, { service }]) => service))).toEqual(new Set(names));
});
