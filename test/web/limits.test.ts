// What keeps requests cheap: limits on descriptions and log searches, and polling that is answered from the stream of changes.
import { afterAll, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import type { Web } from "../../src/web/server.ts";
import { until } from "../harness.ts";
import { fullToken, readToken, statusNamed, webOf } from "./scene.ts";
import { Stage } from "./stage.ts";

const started: Web[] = [];
afterAll(async () => {
  for (const web of started) await web.stop();
});

test("callers at the same time share one description, and many different ones at once are refused", async () => {
  let described = 0;
  const { promise, resolve } = Promise.withResolvers<void>();
  const names = Array.from({ length: 20 }, (_, i) => `web${i}`);
  const web = webOf({
    names: () => names,
    describe: async (name) => {
      described++;
      await promise;
      return { status: { name } } as never;
    },
  });
  started.push(web);
  const get = async (name: string) => {
    const headers = { Authorization: `Bearer ${fullToken}` };
    const answered = await fetch(`http://127.0.0.1:${web.port}/api/services/${name}`, { headers });
    return { status: answered.status, body: (await answered.json()) as { status: { name: string } } };
  };
  const same = Array.from({ length: 4 }, () => get("web0"));
  await until(() => described === 1, { what: "the description begins" });
  const others = names.slice(1).map(get);
  await until(() => described === 5, { what: "as many as are allowed" });
  const statuses = async () => (await Promise.all(others)).map(({ status }) => status).filter((status) => status === 429);
  resolve();
  expect((await Promise.all(same)).map(({ body }) => body.status.name)).toEqual(["web0", "web0", "web0", "web0"]);
  expect(described).toBe(5);
  expect(await statuses()).toHaveLength(15);
});

test("one token cannot take the log searches of all others", async () => {
  let searching = 0;
  const { promise, resolve } = Promise.withResolvers<void>();
  const web = webOf({
    logs: async () => {
      searching++;
      await promise;
      return (async function* () {})();
    },
  });
  started.push(web);
  const search = async (token: string) =>
    (await fetch(`http://127.0.0.1:${web.port}/api/logs`, { headers: { Authorization: `Bearer ${token}` } })).status;
  const first = Array.from({ length: 3 }, () => search(readToken));
  await until(() => searching === 3, { what: "the searches run" });
  expect(await search(readToken)).toBe(429);
  const owners = search(fullToken);
  await until(() => searching === 4, { what: "the search of the owner runs" });
  resolve();
  expect(await Promise.all([...first, owners])).toEqual([200, 200, 200, 200]);
});

test("clients that poll are answered from the stream, and for a moment after an act from a new reading", async () => {
  const stage = new Stage();
  let readings = 0;
  const none = { readiness: null, cause: null, lines: [], code: "failed" as const, hint: null, findings: [] };
  const web = webOf({
    follow: stage.follow,
    statuses: async () => {
      readings++;
      return [{ ...statusNamed("web"), restarts: 100 + readings }];
    },
    act: async (_, name) => ({ acted: { name, result: "restarted", ...none }, status: statusNamed(name) }),
  });
  started.push(web);
  const headers = { Authorization: `Bearer ${fullToken}` };
  const restarts = async () => {
    const answered = await fetch(`http://127.0.0.1:${web.port}/api/metrics`, { headers });
    return ((await answered.json()) as { services: { restarts: number }[] }).services[0]?.restarts;
  };
  expect(await restarts()).toBe(101);
  await until(async () => (await restarts()) === statusNamed("web").restarts, { what: "the answer comes from the stream" });
  const observed = {
    status: { ...statusNamed("web"), restarts: 7 },
    wanted: true,
    end: null,
    nextStartMs: null,
    outcome: null,
    unwell: null,
  };
  stage.tell({ kind: "change", atMs: 2, observed: { ...observed, served: null }, passed: [] });
  await until(async () => (await restarts()) === 7, { what: "the change is in the answer" });
  expect(readings).toBe(1);
  await fetch(`http://127.0.0.1:${web.port}/api/services/web/restart`, { method: "POST", headers });
  expect(await restarts()).toBe(102);
});

test("the server closes the connection of a client that does not read the answer of a slow route", async () => {
  const message = "x".repeat(10_000);
  let asked = 0;
  const web = webOf({
    logs: async () => {
      asked++;
      return (async function* () {
        for (let atMs = 1; atMs <= 1000; atMs++) yield { atMs, service: "web", stream: "stdout" as const, priority: null, message };
      })();
    },
  });
  started.push(web);
  const client = await Bun.connect({
    hostname: "127.0.0.1",
    port: web.port,
    socket: { open: (socket) => void socket.pause(), data: (socket) => void socket.pause(), error() {} },
  });
  // The server's end of a TCP connection is listed with its own port first; the state 01 is an open connection.
  const own = new RegExp(`^ *\\d+: 0100007F:${web.port.toString(16).toUpperCase().padStart(4, "0")} \\S+ 01 `, "m");
  const isOpen = () => own.test(readFileSync("/proc/net/tcp", "utf8"));
  try {
    client.write(`GET /api/logs?limit=1000 HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${fullToken}\r\n\r\n`);
    await until(() => asked === 1, { what: "the server searches" });
    expect(isOpen()).toBe(true);
    await until(() => !isOpen(), { what: "the server closes the connection", timeoutMs: 30_000 });
  } finally {
    client.terminate();
  }
}, 60_000);
