// A web server for tests, with services that the test decides.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Status } from "../../src/status/schema.ts";
import { Credentials } from "../../src/web/credentials.ts";
import { serveWeb, type Web, type WebOptions } from "../../src/web/server.ts";
import type { WebSource } from "../../src/web/source.ts";
import { tempDir } from "../harness.ts";

export const fullToken = "a-token-of-the-tests-0123456789";
export const readToken = "a-read-only-token-of-the-tests";
export const bearer = `Authorization: Bearer ${fullToken}`;

export function statusNamed(name: string): Status {
  return {
    name,
    state: "active",
    ready: true,
    health: "healthy",
    pid: 42,
    instances: { want: 1, ready: 1 },
    restarts: 2,
    uptimeMs: 1000,
    cpuPercent: 50,
    cpuTimeMs: 2500,
    memoryBytes: 4096,
    memorySource: "cgroup",
    tasks: 3,
    limits: { memoryBytes: null, cpuPercent: null, tasks: null, files: null },
    port: 3000,
    requests: null,
    sandbox: "effective",
    isolation: "full",
    backend: "systemd",
    unit: `${name}.service`,
    figuresFrom: "agent",
    notices: [],
    reason: null,
  };
}

/** A source with one service, `web`, and nothing recorded. */
export const plainSource: WebSource = {
  names: () => ["web"],
  statuses: async () => [statusNamed("web")],
  explained: async (observed) => observed.map(({ status }) => status),
  snapshot: async () => ({
    atMs: 0,
    services: [{ status: statusNamed("web"), wanted: true, end: null, nextStartMs: null, outcome: null, unwell: null, served: null }],
    added: [],
    notices: [],
    warnings: [],
    alerts: [],
    host: { load1: 0.5 },
  }),
  async *follow() {},
  describe: () => Promise.reject(new Error("this test describes nothing")),
  logs: async () => (async function* () {})(),
  storage: { series: async () => [], newest: async () => null, services: async () => [] },
  records: () => [],
  findings: async () => [],
  act: () => Promise.reject(new Error("this test does nothing")),
  loggedIn: () => {},
  alerts: async () => ({ alerts: [], silences: [], history: [], mistakes: [] }),
  acknowledge: () => Promise.reject(new Error("this test acknowledges nothing")),
  silence: () => Promise.reject(new Error("this test silences nothing")),
  testAlerts: async () => [],
};

/** A directory with both tokens. */
export function tokenFolder(): string {
  const folder = join(tempDir(), "config");
  mkdirSync(folder, { recursive: true });
  for (const [name, token] of [
    ["web.token", fullToken],
    ["web.read-only.token", readToken],
  ] as const)
    writeFileSync(join(folder, name), `${token}\n`, { mode: 0o600 });
  return folder;
}

export function webOf(source: Partial<WebSource> = {}, options: Partial<WebOptions> = {}, folder = tokenFolder()): Web {
  const credentials = new Credentials(join(folder, "web.token"), folder);
  return serveWeb({
    host: "127.0.0.1",
    port: 0,
    publicUrl: null,
    certificate: null,
    warn: () => {},
    credentials: () => credentials.current(),
    source: { ...plainSource, ...source },
    assets: [],
    now: Date.now,
    ...options,
  });
}
