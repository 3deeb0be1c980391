// SIGTERM under the preload: requests in flight are answered, the app's listeners run once, and the end shows the signal.
import { expect, test } from "bun:test";
import { readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { freePort, tempDir, until } from "../harness.ts";
import { App, argvOf, envOf, type Runtime } from "./child.ts";

const clients = 64;

test.each<[Runtime, string]>([
  ["bun", "serve.ts"],
  ["bun", "http.mjs"],
  ["node", "http.mjs"],
])(
  "on %s, %s answers all requests that are in flight at SIGTERM, accepts no new ones, and ends by the signal",
  async (runtime, file) => {
    await using app = await new App(runtime, file, { env: { SLOW_MS: "1500" } }).listens();
    const answers = Array.from({ length: clients }, async () => (await app.get("/slow")).text());
    const inFlight = async () => (await (await app.ask("/metrics")).text()).includes(`\nhttp_requests_in_flight ${clients}\n`);
    await until(inFlight, { what: `${clients} requests are in flight` });
    app.child.kill("SIGTERM");
    const refuses = async () => (await app.ask("/readyz")).status === 503;
    await until(refuses, { what: "the app is not ready any more" });
    expect(await app.get("/").catch(() => "refused")).toBe("refused");
    expect(await Promise.all(answers)).toEqual(Array.from({ length: clients }, () => "slow"));
    await app.child.exited;
    expect(app.child.signalCode).toBe("SIGTERM");
  },
  60_000,
);

test.each<[Runtime, string]>([
  ["bun", "events.ts"],
  ["bun", "events.mjs"],
  ["node", "events.mjs"],
])(
  "on %s, %s with an open event stream frees its port at once, finishes its requests, and ends soon after",
  async (runtime, file) => {
    await using app = await new App(runtime, file, { env: { SLOW_MS: "1000", BS9_INJECT_STOP_MS: "10000" } }).listens();
    const events = (await app.get("/events")).body?.getReader();
    expect(new TextDecoder().decode((await events?.read())?.value)).toBe("data: 1\n\n");
    const answer = app.get("/slow").then((response) => response.text());
    const inFlight = async () => (await (await app.ask("/metrics")).text()).includes("\nhttp_requests_in_flight 2\n");
    await until(inFlight, { what: "two requests are in flight" });
    const beganMs = performance.now();
    app.child.kill("SIGTERM");
    const binds = () => {
      try {
        Bun.listen({ hostname: "127.0.0.1", port: app.port, socket: { data() {} } }).stop(true);
        return true;
      } catch {
        return false;
      }
    };
    await until(binds, { what: "the port is free" });
    expect([app.child.exitCode, app.child.signalCode]).toEqual([null, null]);
    expect(await answer).toBe("slow");
    // The stream has 2 s, and any other request 8 s.
    await app.child.exited;
    expect(app.child.signalCode).toBe("SIGTERM");
    expect(performance.now() - beganMs).toBeLessThan(7000);
    await events?.cancel().catch(() => {});
  },
  60_000,
);

test.each<[Runtime, string, [string, number][]]>([
  [
    "bun",
    "late.ts",
    [
      ["/", 200],
      ["/nowhere", 404],
      ["/throw", 409],
      ["/healthz", 200],
    ],
  ],
  ["bun", "http.mjs", [["/slow", 200]]],
  ["node", "http.mjs", [["/slow", 200]]],
])(
  "on %s, %s closes the connections of the requests that began before SIGTERM",
  async (runtime, file, paths) => {
    await using app = await new App(runtime, file, { env: { SLOW_MS: "1500" } }).listens();
    const answers = paths.map(async ([path]) => {
      const { status, headers } = await app.get(path);
      return [path, status, headers.get("connection")];
    });
    const inFlight = async () => (await (await app.ask("/metrics")).text()).includes(`\nhttp_requests_in_flight ${paths.length}\n`);
    await until(inFlight, { what: "the requests are in flight" });
    app.child.kill("SIGTERM");
    expect(await Promise.all(answers)).toEqual(paths.map(([path, status]) => [path, status, "close"]));
  },
  60_000,
);

test.each<Runtime>(["bun", "node"])("on %s, all requests that a client sent at once before SIGTERM are answered", async (runtime) => {
  await using app = await new App(runtime, "http.mjs", { env: { SLOW_MS: "1500" } }).listens();
  let text = "";
  const socket = await Bun.connect({
    hostname: "127.0.0.1",
    port: app.port,
    socket: {
      data(_, bytes) {
        text += Buffer.from(bytes).toString("latin1");
      },
    },
  });
  socket.write("GET /slow HTTP/1.1\r\nHost: app\r\n\r\n".repeat(3));
  const inFlight = async () => (await (await app.ask("/metrics")).text()).includes("\nhttp_requests_in_flight 3\n");
  await until(inFlight, { what: "the requests are in flight" });
  app.child.kill("SIGTERM");
  await app.child.exited;
  await until(() => text.match(/\r\n\r\nslow/g)?.length === 3, { what: "all three are answered" });
});

test.each<[Runtime, string]>([
  ["bun", "serve.ts"],
  ["node", "http.mjs"],
])(
  "on %s, %s is restarted under 64 clients, and each of their requests is answered or its connection refused",
  async (runtime, file) => {
    const env = { SLOW_MS: "1000" };
    await using first = await new App(runtime, file, { env }).listens();
    const { port } = first;
    let isOver = false;
    const seen: Record<string, number> = {};
    const client = async () => {
      while (!isOver) {
        const result = await asked(port);
        seen[result] = (seen[result] ?? 0) + 1;
        if (result === "refused") await Bun.sleep(10);
      }
    };
    const running = Array.from({ length: clients }, client);
    // No connection is on its way then, which the kernel would reset.
    const inFlight = async () => (await (await first.ask("/metrics")).text()).includes(`\nhttp_requests_in_flight ${clients}\n`);
    await until(inFlight, { what: `${clients} requests are in flight` });
    first.child.kill("SIGTERM");
    await first.child.exited;
    const before = seen["slow"] ?? 0;
    await using second = await new App(runtime, file, { env, port }).listens();
    await until(() => (seen["slow"] ?? 0) >= before + 2 * clients, { what: "the new process answers" });
    isOver = true;
    await Promise.all(running);
    expect([first.child.signalCode, second.child.signalCode]).toEqual(["SIGTERM", null]);
    expect(Object.keys(seen).sort()).toEqual(["refused", "slow"]);
  },
  60_000,
);

/** One request on a connection of its own. `refused`: there was no connection. */
async function asked(port: number): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>();
  let text = "";
  const ended = () => resolve(text.endsWith("slow") ? "slow" : `cut after ${JSON.stringify(text)}`);
  const connecting = Bun.connect({
    hostname: "127.0.0.1",
    port,
    socket: {
      open: (socket) => void socket.write("GET /slow HTTP/1.1\r\nHost: app\r\nConnection: close\r\n\r\n"),
      data(_, bytes) {
        text += bytes.toString("latin1");
        if (text.endsWith("slow")) ended();
      },
      end: ended,
      close: ended,
      error: ended,
    },
  });
  connecting.catch(() => resolve("refused"));
  const result = await promise;
  connecting.then((socket) => socket.terminate()).catch(() => {});
  return result;
}

test.each<Runtime>(["bun", "node"])("the app's own listener on %s runs once, and its server closes without an error", async (runtime) => {
  await using app = await new App(runtime, "http.cjs").listens();
  await (await app.get("/")).text();
  app.child.kill("SIGTERM");
  expect(await app.child.exited).toBe(7);
  expect(await new Response(app.child.stdout).text()).toBe("listener SIGTERM 15\n");
});

test("npm start forwards SIGTERM to its server again, and the request in flight is answered", async () => {
  const folder = tempDir();
  const port = freePort();
  const [, , file = ""] = argvOf("node", "");
  const child = Bun.spawn(["npm", "start", "--silent", "--prefix", join(import.meta.dir, "../fixtures/inject/npm-http")], {
    stdio: ["ignore", "ignore", "ignore"],
    detached: true,
    env: envOf({ PORT: String(port), SLOW_MS: "2000", BS9_INJECT_DIR: folder, NODE_OPTIONS: `--require=${file}` }),
  });
  try {
    const metrics = async () => {
      const [name = ""] = readdirSync(folder);
      return (await fetch("http://bs9/metrics", { unix: join(folder, name) }).catch(() => null))?.text() ?? "";
    };
    await until(async () => (await metrics()).includes("\nhttp_requests_in_flight 0\n"), { what: "the server is up" });
    const answer = fetch(`http://127.0.0.1:${port}/slow`).then(
      (response) => response.text(),
      () => "cut",
    );
    await until(async () => (await metrics()).includes("\nhttp_requests_in_flight 1\n"), { what: "one request is in flight" });
    // systemd signals all processes of the service.
    process.kill(-child.pid, "SIGTERM");
    expect(await answer).toBe("slow");
    await child.exited;
    await until(() => readdirSync(folder).length === 0, { what: "the server has ended" });
  } finally {
    if (child.exitCode === null && child.signalCode === null) process.kill(-child.pid, "SIGKILL");
    rmSync(folder, { recursive: true, force: true });
  }
}, 60_000);

test.each<Runtime>(["bun", "node"])("on %s a second SIGTERM does not cut the request in flight", async (runtime) => {
  await using app = await new App(runtime, "http.mjs", { env: { SLOW_MS: "1500" } }).listens();
  const answer = app.get("/slow").then(
    (response) => response.text(),
    () => "cut",
  );
  const inFlight = async () => (await (await app.ask("/metrics")).text()).includes("\nhttp_requests_in_flight 1\n");
  await until(inFlight, { what: "one request is in flight" });
  app.child.kill("SIGTERM");
  await until(async () => (await app.ask("/readyz")).status === 503, { what: "the app is stopping" });
  app.child.kill("SIGTERM");
  await app.child.exited;
  expect([app.child.signalCode, await answer]).toEqual(["SIGTERM", "slow"]);
});

test.each<Runtime>(["bun", "node"])("on %s the end waits no longer than the stop timeout", async (runtime) => {
  await using app = await new App(runtime, "http.mjs", { env: { SLOW_MS: "60000", BS9_INJECT_STOP_MS: "500" } }).listens();
  const answer = app.get("/slow").catch(() => "cut");
  const inFlight = async () => (await (await app.ask("/metrics")).text()).includes("\nhttp_requests_in_flight 1\n");
  await until(inFlight, { what: "one request is in flight" });
  app.child.kill("SIGTERM");
  await app.child.exited;
  expect([app.child.signalCode, await answer]).toEqual(["SIGTERM", "cut"]);
});

test.each<Runtime>(["bun", "node"])(
  "on %s the app emits SIGTERM itself, removes all listeners of all events, and adds another",
  async (runtime) => {
    await using app = await new App(runtime, "listeners.cjs").listens();
    await app.ask("/readyz"); // the preload holds the listeners from here on
    await (await app.get("/")).text();
    app.child.kill("SIGTERM");
    expect(await app.child.exited).toBe(7);
    expect(await new Response(app.child.stdout).text()).toBe("first a 1\n0\nsecond SIGTERM 15\n");
  },
);
