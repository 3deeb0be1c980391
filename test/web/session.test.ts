// Sessions, login URLs and tokens over real sockets: who is let in, and as what.
import { afterAll, expect, test } from "bun:test";
import { renameSync, writeFileSync } from "node:fs";
import { networkInterfaces } from "node:os";
import { join } from "node:path";
import { digestOf } from "../../src/web/credentials.ts";
import { LoginCodes, loginCode } from "../../src/web/login-code.ts";
import type { Web, WebOptions } from "../../src/web/server.ts";
import { WebSessions } from "../../src/web/sessions.ts";
import type { WebSource } from "../../src/web/source.ts";
import { renewToken } from "../../src/web/token.ts";
import { ask, exchange } from "./raw.ts";
import { bearer, fullToken, readToken, statusNamed, tokenFolder, webOf } from "./scene.ts";

const started: Web[] = [];
afterAll(async () => {
  for (const web of started) await web.stop();
});

function serve(source: Partial<WebSource> = {}, options: Partial<WebOptions> = {}, folder = tokenFolder()): number {
  const web = webOf(source, options, folder);
  started.push(web);
  return web.port;
}

const acted: { verb: string; name: string; by: string; address: string }[] = [];
const acting: Partial<WebSource> = {
  async act(verb, name, { by, address }) {
    acted.push({ verb, name, by, address });
    const none = { readiness: null, cause: null, lines: [], code: "failed" as const, hint: null, findings: [] };
    return { acted: { name, result: "restarted", ...none }, status: statusNamed(name) };
  },
};

async function post(port: number, path: string, body: string, headers: string[] = []) {
  const lines = [
    "Host: localhost",
    `Content-Length: ${Buffer.byteLength(body)}`,
    "Content-Type: application/json",
    ...headers,
    "Connection: close",
  ];
  const received = await exchange(port, `POST ${path} HTTP/1.1\r\n${lines.join("\r\n")}\r\n\r\n${body}`);
  return { status: Number(received.split(" ")[1]), cookie: /^set-cookie: ([^\r]*)/im.exec(received)?.[1] ?? null, text: received };
}

const login = (port: number, token: string, headers: string[] = []) => post(port, "/login", JSON.stringify({ token }), headers);
const cookieHeader = (cookie: string | null) => `Cookie: ${cookie?.split(";")[0]}`;
const metrics = (port: number, ...headers: string[]) => ask(port, "GET /api/metrics", ["Host: localhost", ...headers]);

test("logging in with the token opens a session, which acts from a page of this server only", async () => {
  const port = serve(acting);
  const { status, cookie } = await login(port, fullToken);
  expect(status).toBe(204);
  expect(cookie).toMatch(new RegExp(`^bs9-${process.getuid?.()}-${port}=[\\w-]{43}; Path=/; HttpOnly; SameSite=Strict$`));
  const session = cookieHeader(cookie);
  expect((await metrics(port, session)).status).toBe(200);
  expect((await post(port, "/api/services/web/restart", "", [session])).status).toBe(403);
  expect((await post(port, "/api/services/web/restart", "", [session, "Origin: http://evil.example"])).status).toBe(403);
  expect((await post(port, "/api/services/web/restart", "", [session, "Origin: http://localhost"])).status).toBe(200);
  expect(acted.at(-1)).toEqual({ verb: "restart", name: "web", by: "session", address: "127.0.0.1" });
  const out = await post(port, "/logout", "", [session]);
  expect([out.status, out.cookie]).toEqual([204, expect.stringContaining("Max-Age=0")]);
  expect((await metrics(port, session)).status).toBe(401);
});

test("the read-only token reads, and its session too, but neither acts", async () => {
  const port = serve(acting);
  const before = acted.length;
  const { cookie } = await login(port, readToken);
  for (const [header, origin] of [
    [cookieHeader(cookie), "Origin: http://localhost"],
    [`Authorization: Bearer ${readToken}`, "X-None: 1"],
  ] as const) {
    expect((await metrics(port, header)).status).toBe(200);
    expect((await post(port, "/api/services/web/stop", "", [header, origin])).status).toBe(403);
  }
  expect(acted).toHaveLength(before);
});

test("a session opened over plain HTTP is refused over TLS, and its cookie is Secure where it was opened over TLS", async () => {
  const port = serve();
  const tls = "X-Forwarded-Proto: https";
  const plain = await login(port, fullToken);
  expect((await metrics(port, cookieHeader(plain.cookie), tls)).status).toBe(401);
  expect((await metrics(port, cookieHeader(plain.cookie))).status).toBe(200);
  const secure = await login(port, fullToken, [tls]);
  expect(secure.cookie).toEndWith("; SameSite=Strict; Secure");
  expect((await metrics(port, cookieHeader(secure.cookie), tls)).status).toBe(200);
  expect((await metrics(port, cookieHeader(secure.cookie))).status).toBe(401);
});

test("a login URL works once, on its own server only, and not with a forged level", async () => {
  const folder = tokenFolder();
  const port = serve({}, {}, folder);
  const open = (code: string) => ask(port, `GET /login?code=${code}`, ["Host: localhost"]);
  const code = loginCode({ token: fullToken, level: "full" }, port, Date.now());
  const first = await open(code);
  expect([first.status, first.headers.get("location")]).toEqual([303, "./"]);
  expect((await metrics(port, cookieHeader(first.headers.get("set-cookie")))).status).toBe(200);
  expect((await open(code)).status).toBe(401);
  const readOnly = loginCode({ token: readToken, level: "read" }, port, Date.now());
  expect((await open(readOnly.replace("read.", "full."))).status).toBe(401);
  expect((await open(loginCode({ token: fullToken, level: "full" }, port + 1, Date.now()))).status).toBe(401);
});

test("neither HEAD nor a browser that loads pages in advance uses up a login URL", async () => {
  const port = serve();
  const path = `/login?code=${loginCode({ token: fullToken, level: "full" }, port, Date.now())}`;
  const head = await ask(port, `HEAD ${path}`, ["Host: localhost"]);
  expect([head.status, head.headers.get("allow")]).toEqual([405, "POST, GET"]);
  for (const header of ["Sec-Purpose: prefetch;prerender", "Purpose: prefetch"])
    expect((await ask(port, `GET ${path}`, ["Host: localhost", header])).status).toBe(403);
  expect((await ask(port, `GET ${path}`, ["Host: localhost"])).status).toBe(303);
});

test("X-Forwarded-Proto of another machine is not believed", async () => {
  const own = Object.values(networkInterfaces()).flatMap((of) => of ?? []);
  const address = own.find(({ family, internal }) => family === "IPv4" && !internal)?.address;
  if (address === undefined) throw new Error("this test needs an address besides loopback");
  const port = serve({}, { host: "0.0.0.0" });
  const tls = { "X-Forwarded-Proto": "https", "Content-Type": "application/json" };
  const body = JSON.stringify({ token: fullToken });
  const secureAt = async (host: string) =>
    (await fetch(`http://${host}:${port}/login`, { method: "POST", body, headers: tls })).headers.get("set-cookie")?.endsWith("; Secure");
  expect([await secureAt(address), await secureAt("127.0.0.1")]).toEqual([false, true]);
});

test("with a public address that has https, the cookie is Secure, also where the proxy does not name the scheme", async () => {
  const body = JSON.stringify({ token: fullToken });
  const cookieAt = async (publicUrl: string, host: string) => {
    const headers = [`Host: ${host}`, "Content-Type: application/json", `Content-Length: ${body.length}`, "Connection: close"];
    return exchange(serve({}, { publicUrl }), `POST /login HTTP/1.1\r\n${headers.join("\r\n")}\r\n\r\n${body}`);
  };
  expect(await cookieAt("https://ops.example.com/", "ops.example.com")).toContain("; Secure\r\n");
  expect(await cookieAt("http://ops.example.com/", "ops.example.com")).toMatch(/SameSite=Strict\r\n/);
  expect(await cookieAt("https://ops.example.com/", "localhost")).toMatch(/SameSite=Strict\r\n/);
});

test("a session that was opened directly over plain HTTP is refused behind the proxy with https", async () => {
  const port = serve({}, { publicUrl: "https://ops.example.com/" });
  const session = cookieHeader((await login(port, fullToken)).cookie);
  expect((await metrics(port, session)).status).toBe(200);
  const proxied = (...headers: string[]) => ask(port, "GET /api/metrics", ["Host: ops.example.com", session, ...headers]);
  expect((await proxied()).status).toBe(401);
  expect((await proxied("X-Forwarded-Proto: https")).status).toBe(401);
});

test.each([
  ["before the server started", 999_999, 1_000_500],
  ["more than five minutes ago", 1_000_000, 1_300_000],
  ["in the future", 1_100_000, 1_000_000],
])("a login code that was made %s is refused", (_, madeMs, nowMs) => {
  const credential = { level: "full" as const, token: fullToken, digest: digestOf(fullToken) };
  let clockMs = 1_000_000;
  const codes = new LoginCodes(1, () => clockMs);
  clockMs = nowMs;
  expect(codes.redeem(loginCode(credential, 1, madeMs), [credential])).toBeNull();
  expect(codes.redeem(loginCode(credential, 1, nowMs), [credential])).toBe(credential);
});

test("a renewed token ends the sessions of the previous one, and a token file that is damaged lets nobody in", async () => {
  const folder = tokenFolder();
  const port = serve({}, {}, folder);
  const { cookie } = await login(port, fullToken);
  const file = join(folder, "web.token");
  renewToken("full", file, folder);
  expect((await metrics(port, cookieHeader(cookie))).status).toBe(401);
  expect((await metrics(port, bearer)).status).toBe(401);
  expect((await metrics(port, `Authorization: Bearer ${readToken}`)).status).toBe(200);
  writeFileSync(`${file}.new`, "short\n");
  renameSync(`${file}.new`, file);
  expect((await metrics(port, "Authorization: Bearer short")).status).toBe(401);
});

test("a session ends twelve hours after its last use, and after seven days", async () => {
  let nowMs = Date.now();
  const port = serve({}, { now: () => nowMs });
  const session = cookieHeader((await login(port, fullToken)).cookie);
  const hourMs = 3_600_000;
  for (let hours = 0; hours < 7 * 24; hours += 11) {
    expect((await metrics(port, session)).status).toBe(200);
    nowMs += 11 * hourMs;
  }
  expect((await metrics(port, session)).status).toBe(401);
  const idle = cookieHeader((await login(port, fullToken)).cookie);
  nowMs += 12 * hourMs;
  expect((await metrics(port, idle)).status).toBe(401);
});

test("many sessions of viewers end their own oldest ones, and not the session of the owner", () => {
  const [owner, viewer] = (["full", "read"] as const).map((level) => ({ level, token: level, digest: digestOf(level) }));
  if (owner === undefined || viewer === undefined) throw new Error("both levels have a credential");
  const sessions = new WebSessions(Date.now);
  const own = sessions.open(owner, false);
  const secrets = Array.from({ length: 201 }, () => sessions.open(viewer, false));
  const isOpen = (secret: string | undefined) => sessions.find(secret ?? "", [owner, viewer]) !== null;
  expect([own, secrets[0], secrets[1], secrets[200]].map(isOpen)).toEqual([true, false, true, true]);
});

test("behind a reverse proxy its name and origin are accepted, and the cookie is limited to its path", async () => {
  const port = serve(acting, { publicUrl: "https://ops.example.com/bs9/" });
  const proxied = ["X-Forwarded-Proto: https", "X-Forwarded-For: 192.0.2.7"];
  const { cookie } = await login(port, fullToken, proxied);
  expect(cookie).toContain("; Path=/bs9/; ");
  const headers = [cookieHeader(cookie), "Origin: https://ops.example.com", ...proxied];
  expect((await post(port, "/api/services/web/restart", "", headers)).status).toBe(200);
  expect((await ask(port, "GET /healthz", ["Host: ops.example.com"])).status).toBe(200);
  expect((await ask(port, "GET /healthz", ["Host: example.com"])).status).toBe(403);
  expect((await metrics(port, bearer, "Origin: http://ops.example.com")).status).toBe(403);
});

test.each([
  ["", "application/json", 400],
  ["{}", "application/json", 401],
  ['{"token": 1}', "application/json", 401],
  [`token=${fullToken}`, "application/x-www-form-urlencoded", 204],
  [`token=${fullToken}`, "text/plain", 400],
])("a login with the body %j as %s gives %d", async (body, type, status) => {
  const port = serve();
  const answered = await fetch(`http://127.0.0.1:${port}/login`, { method: "POST", body, headers: { "Content-Type": type } });
  expect(answered.status).toBe(status);
});

test("each login is recorded with its level, its way and its client, and a refused one is not", async () => {
  const told: unknown[] = [];
  const port = serve({ loggedIn: (level, way, { address, forwardedFor }) => void told.push([level, way, address, forwardedFor]) });
  await login(port, "a-wrong-token-of-the-tests");
  await login(port, readToken, ["X-Forwarded-For: 192.0.2.7"]);
  const code = loginCode({ token: fullToken, level: "full" }, port, Date.now());
  for (let count = 0; count < 2; count++) await ask(port, `GET /login?code=${code}`, ["Host: localhost"]);
  expect(told).toEqual([
    ["read", "token", "127.0.0.1", "192.0.2.7"],
    ["full", "code", "127.0.0.1", null],
  ]);
});
