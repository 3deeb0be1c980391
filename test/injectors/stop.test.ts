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
