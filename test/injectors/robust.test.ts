// The preload in apps and with clients that do not behave as expected.
import { expect, test } from "bun:test";
import { connect } from "node:http2";
import { begin, busyConnections, end, type NodeRequest, nodeInFlight, nodeLongLived } from "../../src/injectors/preload/node-exchange.ts";
import { until } from "../harness.ts";
import { App, countedBy, type Runtime, tally } from "./child.ts";

test.each<[Runtime, string]>([
  ["bun", "broken.ts"],
  ["bun", "broken.mjs"],
  ["node", "broken.mjs"],
])("on %s, %s answers as without the preload where nothing can be counted", async (runtime, file) => {
  await using bare = await new App(runtime, file, { isBare: true }).listens();
  await using app = await new App(runtime, file).listens();
  for (const path of ["/", "/nowhere", "/", "/users/7", "/throw", "/reject", "/later", "/nowhere"]) {
    const [own, theirs] = await Promise.all([app.get(path), bare.get(path)]);
    expect([path, own.status, await own.text()]).toEqual([path, theirs.status, await theirs.text()]);
  }
  app.child.kill("SIGTERM");
  await app.child.exited;
  expect(app.child.signalCode).toBe("SIGTERM");
  expect((await new Response(app.child.stderr).text()).match(/^bs9: /gm) ?? []).toHaveLength(1);
});

// Bun.serve closes a connection with a second request while the first one is not answered.
test.each<[Runtime, string, number]>([
  ["bun", "serve.ts", 1],
  ["bun", "http.mjs", 3],
  ["node", "http.mjs", 3],
])(
  "on %s, %s has no requests in flight after a client is gone that sent %i at once, and its stop waits for none",
  async (runtime, file, sent) => {
    await using app = await new App(runtime, file, { env: { SLOW_MS: "60000", BS9_INJECT_STOP_MS: "60000" } }).listens();
    const inFlight = async () => Number(/^http_requests_in_flight (\d+)$/m.exec(await (await app.ask("/metrics")).text())?.[1]);
    const socket = await Bun.connect({ hostname: "127.0.0.1", port: app.port, socket: { data() {} } });
    socket.write("GET /slow HTTP/1.1\r\nHost: app\r\n\r\n".repeat(sent));
    await until(async () => (await inFlight()) === sent, { what: "the requests are in flight" });
    socket.terminate();
    await until(async () => (await inFlight()) === 0, { what: "no request is in flight" });
    app.child.kill("SIGTERM");
    await until(() => app.child.signalCode === "SIGTERM", { what: "the app has ended", timeoutMs: 10_000 });
  },
  60_000,
);

test.each<[Runtime, string]>([
  ["bun", "http.mjs"],
  ["node", "http.mjs"],
  ["bun", "http2.mjs"],
  ["node", "http2.mjs"],
])(
  "on %s, %s counts a request whose client went away before the answer with 499, and an answered one as it was answered",
  async (runtime, file) => {
    await using app = await new App(runtime, file, { env: { SLOW_MS: "60000" } }).listens();
    const session = file === "http2.mjs" ? connect(`http://127.0.0.1:${app.port}`) : null;
    let leave: () => void;
    if (session !== null) {
      session.on("error", () => {});
      const request = (path: string) =>
        session
          .request({ ":path": path })
          .on("error", () => {})
          .resume();
      await new Promise((resolve) => request("/").on("end", resolve));
      const slow = request("/slow");
      leave = () => slow.close(8);
    } else {
      await (await app.get("/")).text();
      const socket = await Bun.connect({ hostname: "127.0.0.1", port: app.port, socket: { data() {} } });
      socket.write("GET /slow HTTP/1.1\r\nHost: app\r\n\r\n");
      leave = () => socket.terminate();
    }
    const inFlight = async () => (await (await app.ask("/metrics")).text()).includes("\nhttp_requests_in_flight 1\n");
    await until(inFlight, { what: "the request is in flight" });
    leave();
    await until(async () => !(await inFlight()), { what: "no request is in flight" });
    expect(tally(await countedBy(app))).toEqual({ "GET 2xx": 1, "GET 4xx": 1 });
    session?.destroy();
  },
);

test("an app keeps the preload from answering on its ports", async () => {
  await using app = await new App("node", "endpoints.cjs").listens();
  expect([(await app.get("/healthz")).status, (await app.ask("/healthz")).status]).toEqual([404, 200]);
  await until(async () => (await countedBy(app)).length === 1, { what: "the 404 is counted" });
});

test("a request that waits since before a time is long-lived, as is an event stream; another answer that is being sent is not", () => {
  const typed = (type: string) => ({ statusCode: 200, headersSent: true, getHeader: () => type });
  const responses = [{ statusCode: 200, headersSent: false }, typed("Text/Event-Stream; charset=utf-8"), typed("text/html")];
  const before = performance.now() - 1;
  for (const response of responses) begin({}, response);
  expect([nodeInFlight(), nodeLongLived(before), nodeLongLived(performance.now() + 1)]).toEqual([3, 1, 2]);
  for (const response of responses) end(response);
  expect(nodeInFlight()).toBe(0);
});

test("requests that an app emits with sockets of its own leave nothing behind, whatever these sockets can do", () => {
  const failing = () => {
    throw new Error("refused");
  };
  const before = busyConnections();
  for (const socket of [{}, { once: failing }, { once() {} }]) {
    for (const time of [1, 2]) {
      const response = { statusCode: 200, headersSent: true };
      try {
        begin({ socket } as NodeRequest, response);
      } catch {
        // the preload passes over such a request
      }
      end(response);
      expect([time, nodeInFlight(), busyConnections()]).toEqual([time, 0, before]);
    }
  }
});
