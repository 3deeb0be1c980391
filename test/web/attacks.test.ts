// The attacks on the API, each tried against the built bs9 web, which serves a real service of bs9's own supervisor.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { until } from "../harness.ts";
import { run, succeed } from "../programs.ts";
import { Place } from "../supervisor/bs9.ts";
import { ask, exchange } from "./raw.ts";

const place = new Place();
const markup = "<script>alert(1)</script><img src=x onerror=alert(2)>";
let port = 0;
let token = "";
let readOnly = "";
const running: Bun.Subprocess<"ignore", "pipe", "pipe">[] = [];

/** Starts the built server, and returns the address that it prints. */
async function serve(...options: string[]): Promise<string> {
  const child = place.run(["web", ...options]);
  running.push(child);
  let text = "";
  void (async () => {
    for await (const chunk of child.stdout) text += new TextDecoder().decode(chunk);
  })();
  const url = () => /listening on (\S+)\n/.exec(text)?.[1];
  await until(() => url() !== undefined || child.exitCode !== null, { what: "bs9 web listens" });
  return url() ?? `it ended: ${await new Response(child.stderr).text()}`;
}

beforeAll(async () => {
  place.write("shop/app.ts", `console.log(${JSON.stringify(markup)}); setInterval(() => {}, 1000);\n`);
  await place.bs9("start", "shop/app.ts", "--name", "shop", "--env", `PAGE=${markup}`, "--wait", "0");
  readOnly = await tokenIn(await place.bs9("web", "--new-token", "--read-only", "--quiet"));
  port = Number(new URL(await serve()).port);
  token = readFileSync(join(place.env.BS9_HOME, "config/web.token"), "utf8").trim();
}, 240_000);
afterAll(async () => {
  for (const child of running) child.kill("SIGTERM");
  await Promise.all(running.map((child) => child.exited));
  await place.down();
}, 120_000);

async function tokenIn({ stdout }: { stdout: string }): Promise<string> {
  return readFileSync(stdout.trim(), "utf8").trim();
}

const bearer = (of = token) => `Authorization: Bearer ${of}`;
const host = "Host: localhost";
const reads = async () => (await ask(port, "GET /api/metrics", [host, bearer()])).status;

test("a request without the token, with a wrong one, or with the token at another place is refused", async () => {
  for (const headers of [[], [bearer("x".repeat(43))], [`Cookie: bs9-${process.getuid?.()}-${port}=${token}`], [`X-Token: ${token}`]])
    expect((await ask(port, `GET /api/metrics?token=${token}`, [host, ...headers])).status).toBe(401);
});

test("a thousand wrong tokens are refused, and the right one still passes", async () => {
  const seen = new Set<number>();
  for (let count = 0; count < 1000; count += 50) {
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, i) => ask(port, "GET /api/metrics", [host, bearer(`guess-${count + i}`)])),
    );
    for (const { status } of answers) seen.add(status);
  }
  expect([...seen].toSorted()).toEqual([401, 429]);
  expect(await reads()).toBe(200);
}, 60_000);

test("a foreign Origin is refused on a POST and on a WebSocket, and a foreign Host everywhere", async () => {
  const foreign = "Origin: http://evil.example";
  expect((await ask(port, "POST /api/services/shop/stop", [host, bearer(), foreign, "Content-Length: 0"])).status).toBe(403);
  const upgrade = ["Upgrade: websocket", "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="];
  expect((await ask(port, "GET /api/events", [host, bearer(), foreign, ...upgrade])).status).toBe(403);
  for (const path of ["/api/metrics", "/healthz", "/login", "/metrics"])
    expect((await ask(port, `GET ${path}`, ["Host: evil.example", bearer()])).status).toBe(403);
  expect((await place.statusOf("shop")).state).toBe("active");
});

test.each([
  "GET /../../../../etc/passwd",
  "GET /api/services/../../etc/passwd",
  "GET /api/services/%2e%2e%2fetc%2fpasswd",
  "GET /api/services/..%5cetc",
  "POST /api/services/..%2fshop/stop",
  "GET /api/metrics/history/../../../etc/passwd",
])("a path that leads elsewhere is refused: %s", async (line) => {
  const { status, body } = await ask(port, line, [host, bearer(), "Content-Length: 0"]);
  expect([400, 404, 405]).toContain(status);
  expect(body).not.toContain("root:");
});

test("bodies that are too large or too slow are refused, and the server answers others meanwhile", async () => {
  const head = (length: number) => `POST /login HTTP/1.1\r\n${host}\r\nContent-Type: application/json\r\nContent-Length: ${length}\r\n\r\n`;
  const large = await exchange(port, `${head(100_000)}${"a".repeat(100_000)}`, 5000);
  expect(large.slice(9, 12)).toMatch(/^(400|413|)$/);
  const slow = exchange(port, `${head(1000)}{"token"`, 30_000);
  expect(await reads()).toBe(200);
  const startedMs = performance.now();
  expect((await slow).slice(9, 12)).toMatch(/^(408|)$/);
  expect(performance.now() - startedMs).toBeLessThan(25_000);
}, 60_000);

test("a thousand idle connections do not keep others out", async () => {
  const sockets = await Promise.all(
    Array.from({ length: 1000 }, () => Bun.connect({ hostname: "127.0.0.1", port, socket: { data() {}, error() {} } })),
  );
  try {
    expect(await reads()).toBe(200);
  } finally {
    for (const socket of sockets) socket.end();
  }
}, 60_000);

test("markup in a log line stays JSON that no browser renders, and an environment value is not shown at all", async () => {
  const logs = () => ask(port, "GET /api/logs?services=shop&q=alert", [host, bearer()]);
  await until(async () => (JSON.parse((await logs()).body) as { lines: object[] }).lines.length > 0, { what: "the log line" });
  const { headers, body } = await logs();
  expect([headers.get("content-type"), headers.get("x-content-type-options")]).toEqual(["application/json", "nosniff"]);
  expect(headers.get("content-security-policy")).toContain("default-src 'none'");
  expect(JSON.parse(body).lines[0].message).toBe(markup);
  const described = await ask(port, "GET /api/services/shop", [host, bearer()]);
  expect(described.status).toBe(200);
  expect(described.body).not.toContain("onerror");
  expect(described.body).toContain("PAGE");
});

test("the read-only token reads, and does not act", async () => {
  expect((await ask(port, "GET /metrics", [host, bearer(readOnly)])).status).toBe(200);
  for (const verb of ["start", "stop", "restart"])
    expect((await ask(port, `POST /api/services/shop/${verb}`, [host, bearer(readOnly), "Content-Length: 0"])).status).toBe(403);
  expect((await place.statusOf("shop")).state).toBe("active");
});

test("an act over HTTP is done, and the trail names the client", async () => {
  expect((await ask(port, "POST /api/services/shop/stop", [host, bearer(), "Content-Length: 0"])).status).toBe(200);
  const { body } = await ask(port, "GET /api/history?services=shop&limit=1", [host, bearer()]);
  const [record] = JSON.parse(body).records;
  expect(record).toMatchObject({ act: "stop", who: { origin: "web", http: { address: "127.0.0.1", by: "token" } } });
  expect((await place.statusOf("shop")).state).toBe("inactive");
  expect((await place.bs9("history", "--verify")).code).toBe(0);
}, 60_000);

test("a session that was opened over plain HTTP is refused by the server with TLS, on the same port too", async () => {
  const body = JSON.stringify({ token });
  const opened = await fetch(`http://127.0.0.1:${port}/login`, { method: "POST", body, headers: { "Content-Type": "application/json" } });
  const cookie = opened.headers.get("set-cookie")?.split(";")[0] ?? "";
  expect((await ask(port, "GET /api/metrics", [host, `Cookie: ${cookie}`])).status).toBe(200);
  expect((await ask(port, "GET /api/metrics", [host, `Cookie: ${cookie}`, "X-Forwarded-Proto: https"])).status).toBe(401);
  const [key, cert] = [join(place.folder, "key.pem"), join(place.folder, "cert.pem")];
  const words = ["-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost", "-keyout", key, "-out", cert];
  succeed(await run(["openssl", "req", ...words]), "openssl req");
  const url = await serve("--tls-cert", cert, "--tls-key", key);
  expect(url).toStartWith("https://127.0.0.1:");
  const over = (headers: Record<string, string>) => fetch(`${url}api/metrics`, { headers, tls: { rejectUnauthorized: false } });
  expect((await over({ Authorization: `Bearer ${token}` })).status).toBe(200);
  const renamed = cookie.replace(`-${port}=`, `-${new URL(url).port}=`);
  expect((await over({ Cookie: renamed })).status).toBe(401);
}, 60_000);

test("a port that was chosen and is taken is an error, the default one becomes the next free one", async () => {
  const taken = await place.bs9("web", "--port", String(port));
  expect([taken.code, taken.stderr.includes("the port is taken")]).toEqual([1, true]);
  expect(Number(new URL(await serve()).port)).toBeGreaterThan(port);
  for (const words of [["--read-only"], ["--tls-key", "x"], ["--port", "0"], ["--host", "a b"], ["x"]])
    expect([words, (await place.bs9("web", ...words)).code]).toEqual([words, 2]);
}, 60_000);
