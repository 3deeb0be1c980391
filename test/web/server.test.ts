// The HTTP server over real sockets: what it answers, to whom, and hostile requests.
import { afterAll, expect, test } from "bun:test";
import { hostname } from "node:os";
import { failed } from "../../src/base/errors.ts";
import type { Status } from "../../src/status/schema.ts";
import type { Web } from "../../src/web/server.ts";
import { until } from "../harness.ts";
import { ask, exchange } from "./raw.ts";
import { bearer, statusNamed, fullToken as token, webOf } from "./scene.ts";

const started: Web[] = [];
afterAll(async () => {
  for (const web of started) await web.stop();
});

function serve(statuses: () => Promise<Status[]> = async () => [statusNamed("web")], now = Date.now): Web {
  const web = webOf({ statuses }, { now });
  started.push(web);
  return web;
}

const { port } = serve();

test("/healthz needs no token and reveals nothing", async () => {
  const { status, body, headers } = await ask(port, "GET /healthz", ["Host: localhost"]);
  expect([status, body]).toEqual([200, "ok\n"]);
  expect(headers.get("x-content-type-options")).toBe("nosniff");
  expect(headers.get("content-security-policy")).toContain("default-src 'none'");
  expect(headers.get("cache-control")).toBe("no-store");
});

test("/api/metrics returns the services to a client with the token", async () => {
  const answered = await fetch(`http://127.0.0.1:${port}/api/metrics`, { headers: { authorization: `bearer ${token}` } });
  expect(answered.headers.get("content-type")).toBe("application/json");
  const body = (await answered.json()) as { at: string; host: string; services: unknown[] };
  expect(body).toEqual({ at: body.at, host: hostname(), services: [statusNamed("web")] });
  expect(new Date(body.at).toISOString()).toBe(body.at);
});

test.each([
  [[]],
  [["Authorization: Bearer"]],
  [["Authorization: Bearer wrong"]],
  [[`Authorization: Bearer ${token}x`]],
  [[`Authorization: Basic ${token}`]],
  [[`Authorization: ${token}`]],
  [[bearer, "Authorization: Bearer wrong"]],
  [[`Cookie: token=${token}`]],
])("without the token a request is refused: %j", async (headers) => {
  const web = serve();
  const { status, headers: given, body } = await ask(web.port, `GET /api/metrics?token=${token}`, ["Host: localhost", ...headers]);
  expect(status).toBe(401);
  expect(given.get("content-type")).toBe("application/problem+json");
  expect(given.get("www-authenticate")).toStartWith("Bearer");
  expect(JSON.parse(body)).toMatchObject({ type: "about:blank", title: "Unauthorized", status: 401 });
  expect(body).not.toContain("active");
});

test("wrong tokens from one address are slowed down for a while, and the right token is accepted meanwhile", async () => {
  let nowMs = Date.now();
  const web = serve(undefined, () => nowMs);
  const once = (value: string) => ask(web.port, "GET /api/metrics", ["Host: localhost", `Authorization: Bearer ${value}`]);
  for (let count = 0; count < 10; count++) expect((await once(`guess-${count}`)).status).toBe(401);
  const { status, headers } = await once("guess");
  expect([status, headers.get("retry-after")]).toEqual([429, "60"]);
  expect((await once(token)).status).toBe(200);
  expect((await ask(web.port, "GET /healthz", ["Host: localhost"])).status).toBe(200);
  nowMs += 60_001;
  expect((await once("guess")).status).toBe(401);
});

test.each([
  "GET /healthz HTTP/1.0\r\n\r\n",
  `GET /api/metrics HTTP/1.0\r\n${bearer}\r\n\r\n`,
  "GET /healthz HTTP/1.1\r\nConnection: close\r\n\r\n",
])("a request without a Host header is refused as a bad one: %j", async (bytes) => {
  expect((await exchange(port, bytes)).slice(0, 12)).toMatch(/^HTTP\/1\.[01] 400$/);
});

test("HTTP/1.0 with a Host header is answered", async () => {
  expect(await exchange(port, "GET /healthz HTTP/1.0\r\nHost: localhost\r\n\r\n")).toMatch(/^HTTP\/1\.[01] 200/);
});

test.each(["localhost", "LOCALHOST:80", "localhost.:8080", "127.0.0.1:1", "10.42.0.7:8080", "[::1]:8080", hostname()])(
  "a request with the header Host: %s is accepted",
  async (host) => expect((await ask(port, "GET /healthz", [`Host: ${host}`])).status).toBe(200),
);

test.each([
  "evil.example",
  "localhost.evil.example",
  "127.0.0.1.evil.example",
  "localhost@evil.example",
  "localhost/api/metrics?",
  "localhost#",
  "localhost:x",
  "localhost:65536",
  "localhost:99999",
  "[1.2.3.4]",
  "0x7f.1",
  "[::1",
  "localhost, evil.example",
])("a request with the header Host: %s is refused", async (host) => {
  const { status } = await ask(port, "GET /api/metrics", [`Host: ${host}`, bearer]);
  // Bun itself refuses some of them.
  expect([400, 403]).toContain(status);
});

test("an error outside of every route is answered as a problem, without its text", async () => {
  const broken = () => {
    throw new Error("a secret");
  };
  const web = webOf({}, { credentials: broken });
  started.push(web);
  const { status, headers, body } = await ask(web.port, "GET /api/metrics", ["Host: localhost", bearer]);
  expect([status, headers.get("content-type"), JSON.parse(body).status]).toEqual([500, "application/problem+json", 500]);
  expect(body).not.toContain("secret");
});

test("a request with two Host headers is refused", async () => {
  const { status } = await ask(port, "GET /healthz", ["Host: localhost", "Host: evil.example"]);
  expect([400, 403]).toContain(status);
});

test.each([
  ["http://localhost:8080", 200],
  ["https://LOCALHOST:8080", 200],
  ["http://localhost:3000", 403],
  ["http://evil.example", 403],
  ["null", 403],
  ["localhost:8080", 403],
  ["file://localhost:8080", 403],
])("a request with the header Origin: %s gets the status %d", async (origin, status) => {
  expect((await ask(port, "GET /healthz", ["Host: localhost:8080", `Origin: ${origin}`])).status).toBe(status);
});

test.each([
  ["GET /", 404],
  ["GET /api", 404],
  ["GET /api/metrics/", 404],
  ["GET /healthz/../api/secrets", 404],
  ["GET /%61pi/metrics", 404],
  ["GET //healthz", 404],
  ["GET /api/metrics%00", 404],
  ["POST /healthz", 405],
  ["DELETE /api/metrics", 405],
  ["OPTIONS /api/metrics", 405],
  ["PUT /healthz", 405],
])("%s gives %d", async (line, status) => {
  const answered = await ask(port, line, ["Host: localhost", bearer, "Content-Length: 0"]);
  expect([answered.status, answered.headers.get("content-type")]).toEqual([status, "application/problem+json"]);
  expect(JSON.parse(answered.body).status).toBe(status);
  if (status === 405) expect(answered.headers.get("allow")).toBe("GET, HEAD");
});

test("a HEAD request gets the answer to GET without its body", async () => {
  const { status, body, headers } = await ask(port, "HEAD /healthz", ["Host: localhost"]);
  expect([status, body, headers.get("content-length")]).toEqual([200, "", "3"]);
});

test("input that is not HTTP or is too long gets no 200, and other requests still work", async () => {
  const hostile = [
    "\0\x01\x02\x03\r\n\r\n",
    "GET\r\n\r\n",
    "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
    `GET /${"a".repeat(200_000)} HTTP/1.1\r\nHost: localhost\r\n\r\n`,
    `GET /healthz HTTP/1.1\r\nHost: localhost\r\nX: ${"a".repeat(200_000)}\r\n\r\n`,
    `POST /healthz HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99999999999\r\n\r\n${"a".repeat(1000)}`,
    `POST /healthz HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nffffffff\r\n${"a".repeat(1000)}`,
  ];
  for (const bytes of hostile) expect((await exchange(port, bytes, 500)).slice(0, 12)).not.toBe("HTTP/1.1 200");
  expect((await ask(port, "GET /healthz", ["Host: localhost"])).status).toBe(200);
});

test("the server closes the connection of an endless request, and answers other requests meanwhile", async () => {
  const slow = exchange(port, "GET /healthz HTTP/1.1\r\nHost: local", 25_000);
  expect((await ask(port, "GET /healthz", ["Host: localhost"])).status).toBe(200);
  const began = performance.now();
  await slow;
  expect(performance.now() - began).toBeLessThan(20_000);
}, 120_000);

test("many slow bodies without a token take nothing from clients with the token, and /healthz is answered meanwhile", async () => {
  const web = serve();
  const head = "POST /login HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{";
  const sockets = await Promise.all(
    Array.from({ length: 200 }, () => Bun.connect({ hostname: "127.0.0.1", port: web.port, socket: { data() {}, error() {} } })),
  );
  try {
    for (const socket of sockets) socket.write(head);
    const login = () => ask(web.port, "POST /login", ["Host: localhost", "Content-Type: application/json", "Content-Length: 0"]);
    await until(async () => (await login()).status === 503, { what: "the places of requests without a token are taken" });
    expect((await ask(web.port, "GET /healthz", ["Host: localhost"])).status).toBe(200);
    const asked = Array.from({ length: 20 }, () => ask(web.port, "GET /api/metrics", ["Host: localhost", bearer]));
    for (const { status } of await Promise.all(asked)) expect(status).toBe(200);
  } finally {
    for (const socket of sockets) socket.end();
  }
  await until(async () => (await ask(web.port, "POST /login", ["Host: localhost", "Content-Length: 0"])).status === 400, {
    what: "the places are free again",
    timeoutMs: 20_000,
  });
}, 60_000);

test("requests at the same time share one reading of the services, and a failed reading is reported and not kept", async () => {
  let readings = 0;
  let fails = true;
  const { promise, resolve } = Promise.withResolvers<void>();
  const web = serve(async () => {
    readings++;
    await promise;
    if (fails) throw failed("no bus");
    return [];
  });
  const asked = Array.from({ length: 8 }, () => ask(web.port, "GET /api/metrics", ["Host: localhost", bearer]));
  expect((await ask(web.port, "GET /healthz", ["Host: localhost"])).status).toBe(200);
  resolve();
  for (const { status, body } of await Promise.all(asked)) expect([status, JSON.parse(body).detail]).toEqual([500, "no bus"]);
  expect(readings).toBeLessThan(8);
  fails = false;
  const before = readings;
  for (let count = 0; count < 5; count++) expect((await ask(web.port, "GET /api/metrics", ["Host: localhost", bearer])).status).toBe(200);
  expect(readings).toBe(before + 1);
});

test("a taken port is reported, and a stopped server does not answer", async () => {
  const web = serve();
  expect(() => webOf({}, { port: web.port })).toThrow("the port is taken");
  await web.stop();
  await expect(fetch(`http://127.0.0.1:${web.port}/healthz`)).rejects.toThrow();
});
