// The attacks on the API, each tried against the built bs9 web.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { until } from "../harness.ts";
import { run, succeed } from "../programs.ts";
import { BuiltWeb, builtProgram, localhost, markup } from "./built.ts";
import { ask, exchange } from "./raw.ts";

const it = new BuiltWeb();
let readOnly = "";

beforeAll(async () => {
  const { stdout } = await it.place.bs9("web", "--new-token", "--read-only", "--quiet");
  readOnly = readFileSync(stdout.trim(), "utf8").trim();
  await it.up();
}, 240_000);
afterAll(() => it.down(), 120_000);

test("a request without the token, with a wrong one, or with the token at another place is refused", async () => {
  for (const headers of [
    [],
    [it.bearer("x".repeat(43))],
    [`Cookie: bs9-${process.getuid?.()}-${it.port}=${it.token}`],
    [`X-Token: ${it.token}`],
  ])
    expect((await ask(it.port, `GET /api/metrics?token=${it.token}`, [localhost, ...headers])).status).toBe(401);
});

test("a thousand wrong tokens are refused, and the right one still passes", async () => {
  const seen = new Set<number>();
  for (let count = 0; count < 1000; count += 50) {
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, i) => ask(it.port, "GET /api/metrics", [localhost, it.bearer(`guess-${count + i}`)])),
    );
    for (const { status } of answers) seen.add(status);
  }
  expect([...seen].toSorted()).toEqual([401, 429]);
  expect(await it.reads()).toBe(200);
}, 60_000);

test("a foreign Origin is refused on a POST and on a WebSocket, and a foreign Host everywhere", async () => {
  const foreign = "Origin: http://evil.example";
  expect((await ask(it.port, "POST /api/services/shop/stop", [localhost, it.bearer(), foreign, "Content-Length: 0"])).status).toBe(403);
  const upgrade = ["Upgrade: websocket", "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="];
  expect((await ask(it.port, "GET /api/events", [localhost, it.bearer(), foreign, ...upgrade])).status).toBe(403);
  for (const path of ["/api/metrics", "/healthz", "/login", "/metrics"])
    expect((await ask(it.port, `GET ${path}`, ["Host: evil.example", it.bearer()])).status).toBe(403);
  expect((await it.place.statusOf("shop")).state).toBe("active");
});

test.each([
  ["GET /../../../../etc/passwd", 404],
  ["GET /api/services/../../etc/passwd", 404],
  ["GET /api/services/%2e%2e%2fetc%2fpasswd", 400],
  ["GET /api/services/..%5cetc", 400],
  ["POST /api/services/..%2fshop/stop", 400],
  ["GET /api/metrics/history/../../../etc/passwd", 404],
])("a path that leads elsewhere is refused: %s gives %d", async (line, expected) => {
  const { status, body } = await ask(it.port, line, [localhost, it.bearer(), "Content-Length: 0"]);
  expect([status, body.includes("root:")]).toEqual([expected, false]);
});

const head = (path: string, headers: string[]) =>
  `POST ${path} HTTP/1.1\r\n${[localhost, "Content-Type: application/json", ...headers].join("\r\n")}\r\n\r\n`;

test("bodies that are too large are refused, whether or not they say how long they are", async () => {
  const large = "a".repeat(100_000);
  expect((await exchange(it.port, `${head("/login", ["Content-Length: 100000"])}${large}`)).slice(9, 12)).toBe("413");
  const chunk = `${large.length.toString(16)}\r\n${large}\r\n0\r\n\r\n`;
  expect((await exchange(it.port, `${head("/login", ["Transfer-Encoding: chunked"])}${chunk}`)).slice(9, 12)).toBe("413");
  expect((await exchange(it.port, head("/api/alerts/shop/silence", [it.bearer(), "Content-Length: 17000"]))).slice(9, 12)).toBe("413");
});

/** Sends one byte of the body each second, so that the connection is never idle, and returns what the server answers. */
async function trickle(path: string, headers: string[]): Promise<string> {
  let received = "";
  let isClosed = false;
  const socket = await Bun.connect({
    hostname: "127.0.0.1",
    port: it.port,
    socket: {
      data(_, bytes) {
        received += bytes.toString("latin1");
      },
      close() {
        isClosed = true;
      },
      error() {},
    },
  });
  socket.write(head(path, [...headers, "Content-Length: 1000"]));
  const sending = setInterval(() => socket.write(" "), 1000);
  await until(() => isClosed || received !== "", { what: "the server ends it", timeoutMs: 30_000 });
  clearInterval(sending);
  socket.end();
  return received;
}

test("bodies that come byte by byte are refused after ten seconds, with and without the token, and others are answered meanwhile", async () => {
  const slow = [
    ...Array.from({ length: 20 }, () => trickle("/login", [])),
    ...Array.from({ length: 5 }, () => trickle("/api/alerts/shop/silence", [it.bearer()])),
  ];
  const beganMs = performance.now();
  expect(await it.reads()).toBe(200);
  const statuses = (await Promise.all(slow)).map((text) => text.slice(9, 12));
  expect(performance.now() - beganMs).toBeLessThan(20_000);
  // Eight logins of one address are read at the same time, and the others are refused at once.
  expect(
    Object.fromEntries(
      Map.groupBy(statuses, (status) => status)
        .entries()
        .map(([status, all]) => [status, all.length]),
    ),
  ).toEqual({
    "408": 13,
    "503": 12,
  });
}, 60_000);

test("a thousand idle connections do not keep others out", async () => {
  const sockets = await Promise.all(
    Array.from({ length: 1000 }, () => Bun.connect({ hostname: "127.0.0.1", port: it.port, socket: { data() {}, error() {} } })),
  );
  try {
    expect(await it.reads()).toBe(200);
  } finally {
    for (const socket of sockets) socket.end();
  }
}, 60_000);

test("where connections could use up the file descriptors, the server drops them and keeps answering, with its services", async () => {
  const url = await it.serveWith({}, ["sh", "-c", 'ulimit -n 300; exec "$0" web', builtProgram]);
  const crowded = Number(new URL(url).port);
  const sockets: { end(): void }[] = [];
  const open = async () => {
    const opened = Bun.connect({ hostname: "127.0.0.1", port: crowded, socket: { data() {}, error() {} } });
    await opened.then((socket) => sockets.push(socket)).catch(() => {});
  };
  try {
    let answers = 0;
    // In each round more connections than the server has file descriptors.
    for (let round = 0; round < 6; round++) {
      await Promise.all(Array.from({ length: 400 }, open));
      const { status, body } = await ask(crowded, "GET /api/metrics", [localhost, it.bearer()]);
      if (status === 200 && JSON.parse(body).services[0].name === "shop") answers++;
    }
    expect(answers).toBeGreaterThanOrEqual(4);
  } finally {
    for (const socket of sockets) socket.end();
  }
}, 60_000);

test("markup in a log line stays JSON that no browser renders, and an environment value is not shown at all", async () => {
  const logs = () => ask(it.port, "GET /api/logs?services=shop&q=alert", [localhost, it.bearer()]);
  await until(async () => (JSON.parse((await logs()).body) as { lines: object[] }).lines.length > 0, { what: "the log line" });
  const { headers, body } = await logs();
  expect([headers.get("content-type"), headers.get("x-content-type-options")]).toEqual(["application/json", "nosniff"]);
  expect(headers.get("content-security-policy")).toContain("default-src 'none'");
  expect(JSON.parse(body).lines[0].message).toBe(markup);
  const described = await ask(it.port, "GET /api/services/shop", [localhost, it.bearer()]);
  expect(described.status).toBe(200);
  expect(described.body).not.toContain("onerror");
  expect(described.body).toContain("PAGE");
});

test("the read-only token reads, and does not act", async () => {
  expect((await ask(it.port, "GET /metrics", [localhost, it.bearer(readOnly)])).status).toBe(200);
  for (const verb of ["start", "stop", "restart"])
    expect((await ask(it.port, `POST /api/services/shop/${verb}`, [localhost, it.bearer(readOnly), "Content-Length: 0"])).status).toBe(403);
  expect((await it.place.statusOf("shop")).state).toBe("active");
});

test("an act over HTTP is done, and the trail names the client", async () => {
  expect((await ask(it.port, "POST /api/services/shop/stop", [localhost, it.bearer(), "Content-Length: 0"])).status).toBe(200);
  const { body } = await ask(it.port, "GET /api/history?services=shop&limit=1", [localhost, it.bearer()]);
  const [record] = JSON.parse(body).records;
  expect(record).toMatchObject({ act: "stop", who: { origin: "web", http: { address: "127.0.0.1", by: "token" } } });
  expect((await it.place.statusOf("shop")).state).toBe("inactive");
  expect((await it.place.bs9("history", "--verify")).code).toBe(0);
}, 60_000);

test("a session that was opened over plain HTTP is refused by the server with TLS, on the same port too", async () => {
  const body = JSON.stringify({ token: it.token });
  const opened = await fetch(`http://127.0.0.1:${it.port}/login`, {
    method: "POST",
    body,
    headers: { "Content-Type": "application/json" },
  });
  const cookie = opened.headers.get("set-cookie")?.split(";")[0] ?? "";
  expect((await ask(it.port, "GET /api/metrics", [localhost, `Cookie: ${cookie}`])).status).toBe(200);
  expect((await ask(it.port, "GET /api/metrics", [localhost, `Cookie: ${cookie}`, "X-Forwarded-Proto: https"])).status).toBe(401);
  const [key, cert] = [join(it.place.folder, "key.pem"), join(it.place.folder, "cert.pem")];
  const words = ["-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost", "-keyout", key, "-out", cert];
  succeed(await run(["openssl", "req", ...words]), "openssl req");
  const url = await it.serve("--tls-cert", cert, "--tls-key", key);
  expect(url).toStartWith("https://127.0.0.1:");
  const over = (headers: Record<string, string>) => fetch(`${url}api/metrics`, { headers, tls: { rejectUnauthorized: false } });
  expect((await over({ Authorization: `Bearer ${it.token}` })).status).toBe(200);
  const renamed = cookie.replace(`-${it.port}=`, `-${new URL(url).port}=`);
  expect((await over({ Cookie: renamed })).status).toBe(401);
}, 60_000);
