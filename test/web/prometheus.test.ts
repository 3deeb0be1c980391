// What Prometheus reads: the labels, the two formats, and where http_sd leads it.
import { afterAll, expect, test } from "bun:test";
import { hostname } from "node:os";
import { hostName } from "../../src/metrics/subject.ts";
import type { Web } from "../../src/web/server.ts";
import { readToken, webOf } from "./scene.ts";

const started: Web[] = [];
afterAll(async () => {
  for (const web of started) await web.stop();
});

function serve(newestAtMs: number, publicUrl: string | null = null) {
  const points = new Map([
    ["web", { atMs: newestAtMs, samples: 1, openFiles: 17 }],
    [hostName, { atMs: newestAtMs, samples: 1, cores: 2 }],
  ]);
  const newest = async () => ({ atMs: newestAtMs, intervalMs: 5000, points });
  const web = webOf({ storage: { newest, series: async () => [], services: async () => [] } }, { publicUrl });
  started.push(web);
  return async (path: string, headers: Record<string, string> = {}) => {
    const answered = await fetch(`http://127.0.0.1:${web.port}${path}`, { headers: { Authorization: `Bearer ${readToken}`, ...headers } });
    return { type: answered.headers.get("content-type"), text: await answered.text(), port: web.port };
  };
}

const labels = `{host="${hostname()}",service="web"}`;

test("the text format names the samples, OpenMetrics the families", async () => {
  const get = serve(Date.now());
  const plain = await get("/metrics");
  expect(plain.type).toBe("text/plain; version=0.0.4; charset=utf-8");
  expect(plain.text).toContain("# TYPE bs9_service_cpu_seconds_total counter\n");
  for (const line of [`bs9_service_cpu_seconds_total${labels} 2.5`, `bs9_service_up${labels} 1`, `bs9_service_open_files${labels} 17`])
    expect(plain.text).toContain(`\n${line}\n`);
  expect(plain.text).toContain(`\nbs9_host_load1{host="${hostname()}"} 0.5\n`);
  const open = await get("/metrics", { Accept: "application/openmetrics-text;version=1.0.0,text/plain;q=0.5" });
  expect(open.type).toBe("application/openmetrics-text; version=1.0.0; charset=utf-8");
  expect(open.text).toContain("# TYPE bs9_service_cpu_seconds counter\n# UNIT bs9_service_cpu_seconds seconds\n");
  expect(open.text).toEndWith("\n# EOF\n");
});

test("stored samples that are too old are left out", async () => {
  const { text } = await serve(Date.now() - 60_000)("/metrics");
  expect(text).not.toContain("open_files");
  expect(text).toContain("bs9_service_memory_bytes");
});

test("http_sd leads to the address that was asked, and behind a proxy to the public one", async () => {
  const get = serve(0, "https://ops.example.com/bs9/");
  const direct = await get("/api/sd");
  const own = { __scheme__: "http", __metrics_path__: "/metrics", host: hostname() };
  expect(JSON.parse(direct.text)).toEqual([{ targets: [`127.0.0.1:${direct.port}`], labels: own }]);
  const proxied = await get("/api/sd", { "X-Forwarded-For": "192.0.2.1", "X-Forwarded-Proto": "https" });
  const ofProxy = { __scheme__: "https", __metrics_path__: "/bs9/metrics", host: hostname() };
  expect(JSON.parse(proxied.text)).toEqual([{ targets: ["ops.example.com:443"], labels: ofProxy }]);
});
