// Apps behave with the preload as without it, answer for their health, and are counted exactly.
import { describe, expect, test } from "bun:test";
import { until } from "../harness.ts";
import { App, countedBy, type Runtime, tally } from "./child.ts";

const cases: [Runtime, string][] = [
  ["bun", "serve.ts"],
  ["bun", "exported.ts"],
  ["bun", "routes.ts"],
  ["bun", "reload.ts"],
  ["bun", "error-later.ts"],
  ["bun", "polluted.ts"],
  ["bun", "websocket.ts"],
  ["bun", "hono.ts"],
  ["bun", "hono-app.ts"],
  ...["http.mjs", "http.cjs", "streaming.mjs", "express.mjs", "fastify.mjs", "koa.mjs"].flatMap((app): [Runtime, string][] => [
    ["bun", app],
    ["node", app],
  ]),
];
const asked: [string, string][] = [
  ["GET", "/"],
  ["HEAD", "/"],
  ["GET", "/nowhere"],
  ["POST", "/healthz"],
  ["GET", "/metrics"],
  ["GET", "/users/7"],
  ["GET", "/users/8?a=b"],
  ["POST", "/orders"],
  ["PUT", "/orders"],
  ["GET", "/ip"],
  ["GET", "/throw"],
  ["GET", "/reject"],
  ["GET", "/shop/items/cup"],
  ["GET", "/items/cup"],
];

async function answersOf(app: App): Promise<unknown[]> {
  const answers: unknown[] = [];
  for (const [method, path] of asked) {
    const response = await app.get(path, method === "POST" || method === "PUT" ? { method, body: "text" } : { method });
    const headers = [...response.headers].filter(([name]) => name !== "date");
    answers.push([method, path, response.status, Object.fromEntries(headers), await response.text()]);
  }
  return answers;
}

describe.each(cases)("on %s, %s", (runtime, file) => {
  test("answers as without the preload, and each answer is counted once", async () => {
    await using bare = await new App(runtime, file, { isBare: true }).listens();
    await using app = await new App(runtime, file).listens();
    const answers = await answersOf(app);
    expect(answers).toEqual(await answersOf(bare));

    const own = await Promise.all(["/healthz", "/readyz"].map((path) => app.get(path)));
    const theirs = await Promise.all(["/healthz", "/readyz"].map((path) => bare.get(path)));
    // The app's own answer wins; the body `own` is that of a route. Bun does not tell the routes of fastify.
    const isTold = runtime === "node" || file !== "fastify.mjs";
    const texts = await Promise.all(theirs.map((answer) => answer.text()));
    const expected = theirs.map(({ status }, i) => (status === 404 && !(isTold && texts[i] === "own") ? 200 : status));
    expect(own.map(({ status }) => status)).toEqual(expected);
    await Promise.all(own.map((answer) => answer.text()));

    const many = await Promise.all(Array.from({ length: 100 }, (_, i) => app.get(i % 3 === 0 ? "/nowhere" : `/?n=${i}`)));
    await Promise.all(many.map((response) => response.text()));
    const seen: Record<string, number> = {};
    const count = (method: string, status: number) => {
      const key = `${method} ${Math.floor(status / 100)}xx`;
      seen[key] = (seen[key] ?? 0) + 1;
    };
    for (const [method, , status] of answers as [string, string, number][]) count(method, status);
    for (const { status } of [...own, ...many]) count("GET", status);
    // The client has an answer a moment before the process has counted it.
    const agrees = async () => Bun.deepEquals(tally(await countedBy(app)), seen);
    await until(agrees, { what: `the counts are ${JSON.stringify(seen)}` }).catch(() => {});
    expect(tally(await countedBy(app))).toEqual(seen);
    expect((await app.ask("/readyz")).status).toBe(200);
    expect(await (await app.ask("/metrics")).text()).toContain("\nhttp_requests_in_flight 0\n");
  }, 60_000);
});

test("the routes are the app's own patterns where they are known", async () => {
  await using serve = await new App("bun", "serve.ts").listens();
  await using express = await new App("node", "express.mjs").listens();
  for (const path of ["/users/1", "/users/2", "/orders"]) await (await serve.get(path)).text();
  await (await express.get("/shop/items/cup")).text();
  await until(async () => (await countedBy(express)).length > 0, { what: "express is counted" });
  expect((await countedBy(serve)).map(({ route, value }) => [route, value])).toEqual([
    ["/users/:id", 2],
    ["/orders", 1],
  ]);
  expect((await countedBy(express)).map(({ route }) => route)).toEqual(["/shop/items/:name"]);
});

test("a WebSocket opens and answers, and its request is counted", async () => {
  await using app = await new App("bun", "websocket.ts").listens();
  const socket = new WebSocket(`ws://127.0.0.1:${app.port}/socket`);
  await new Promise((resolve) => socket.addEventListener("open", resolve));
  const answered = new Promise((resolve) => socket.addEventListener("message", (event) => resolve(event.data)));
  socket.send("one");
  expect(await answered).toBe("echo one");
  socket.close();
  expect(tally(await countedBy(app))).toEqual({ "GET 1xx": 1 });
});

test.each<Runtime>(["bun", "node"])("a stream on %s arrives piece by piece", async (runtime) => {
  await using app = await new App(runtime, "streaming.mjs").listens();
  const { body } = await app.get("/");
  const pieces: string[] = [];
  for await (const piece of body ?? []) pieces.push(new TextDecoder().decode(piece));
  expect(pieces).toEqual(["first ", "last"]);
});

test.each<Runtime>(["bun", "node"])("requests over HTTP/2 on %s are answered and counted", async (runtime) => {
  await using app = await new App(runtime, "http2.mjs").listens();
  const { connect } = await import("node:http2");
  const session = connect(`http://127.0.0.1:${app.port}`);
  const statusOf = (path: string) =>
    new Promise<unknown>((resolve, reject) => {
      const stream = session.request({ ":path": path });
      stream.on("response", (headers) => resolve(headers[":status"]));
      stream.on("error", reject);
      stream.resume();
      stream.end();
    });
  expect([await statusOf("/"), await statusOf("/nowhere"), await statusOf("/healthz")]).toEqual([200, 404, 200]);
  session.close();
  await until(async () => tally(await countedBy(app))["GET 2xx"] === 2, { what: "two answers are counted" });
  expect(tally(await countedBy(app))).toEqual({ "GET 2xx": 2, "GET 4xx": 1 });
});

test("the metrics are on the app's port only if this was asked for", async () => {
  await using app = await new App("bun", "serve.ts", { env: { BS9_INJECT_METRICS_ON_PORT: "1" } }).listens();
  const response = await app.get("/metrics");
  expect([response.status, response.headers.get("content-type")]).toEqual([200, expect.stringContaining("text/plain")]);
  expect(await response.text()).toContain("process_resident_memory_bytes");
});
