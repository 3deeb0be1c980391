// What the preload shows to the app, does to programs without servers, and exposes under hostile requests.
import { expect, test } from "bun:test";
import { existsSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { isPackageRunner } from "../../src/injectors/preload/runner.ts";
import { until } from "../harness.ts";
import { App, argvOf, countedBy, envOf, type Runtime, socketOf } from "./child.ts";
import { flood } from "./flood.ts";

const maxBytes = 200 * 1024;
const runtimes: Runtime[] = ["bun", "node"];

async function ended(
  argv: string[],
  env: Record<string, string> = {},
): Promise<{ code: number; stdout: string; stderr: string; pid: number }> {
  const child = Bun.spawn(argv, { stdio: ["ignore", "pipe", "pipe"], env: envOf(env), timeout: 30_000 });
  const [stdout, stderr, code] = await Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text(), child.exited]);
  return { code, stdout, stderr, pid: child.pid };
}

test("an app sees nothing of the preload that is broken", async () => {
  const { stdout, stderr } = await ended(argvOf("bun", "seen.ts"));
  expect(stderr).toBe("");
  expect(JSON.parse(stdout)).toEqual({
    name: "serve",
    length: 1,
    reload: "reload",
    isServer: true,
    listeners: 0,
    keys: false,
    stack: true,
    refused: true,
    own: "x",
  });
});

test.each(runtimes)("a program without a server on %s ends as without the preload, and leaves no socket", async (runtime) => {
  const [first = "", ...words] = argvOf(runtime, "").slice(0, -1);
  const { code, stdout, stderr, pid } = await ended([first, ...words, "-e", "console.log(typeof bs9.ready); process.exitCode = 3"]);
  expect({ code, stdout, stderr }).toEqual({ code: 3, stdout: "function\n", stderr: "" });
  expect(existsSync(socketOf(pid))).toBe(false);
});

test.each(runtimes)("a worker on %s does nothing of its own", async (runtime) => {
  const { code, stdout, stderr } = await ended(argvOf(runtime, "worker.mjs"));
  expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: "main object\nworker undefined\nworker 0\n", stderr: "" });
});

test("npm itself is left alone, and what it starts is counted", async () => {
  const [, , file = ""] = argvOf("node", "");
  const folder = join(import.meta.dir, "../fixtures/inject/npm");
  const { code, stdout } = await ended(["npm", "start", "--silent", "--prefix", folder], { NODE_OPTIONS: `--require=${file}` });
  expect({ code, stdout }).toEqual({ code: 0, stdout: "object\n" });
  expect(isPackageRunner("/usr/bin/npm") && isPackageRunner("/usr/lib/node_modules/npm/bin/npm-cli.js")).toBe(true);
  expect(isPackageRunner("/srv/npm/server.js") || isPackageRunner("/srv/app/npm-status.js")).toBe(false);
});

test.each(runtimes)("an app on %s goes on where the socket cannot be made, and says so once", async (runtime) => {
  await using app = await new App(runtime, "http.mjs", { env: { BS9_INJECT_DIR: "/nonexistent/sockets" } }).listens();
  expect(await (await app.get("/")).text()).toBe("hello");
  expect((await app.get("/healthz")).status).toBe(200);
  app.child.kill("SIGTERM");
  await app.child.exited;
  const lines = (await new Response(app.child.stderr).text()).trim().split("\n");
  expect(lines).toEqual([expect.stringMatching(/^bs9: the app runs without a part of what bs9 adds to it: .+/)]);
});

test.each(runtimes)("loading the preload twice on %s counts each request once", async (runtime) => {
  const argv = argvOf(runtime, "");
  const twice = runtime === "bun" ? { BUN_OPTIONS: argv.slice(1, 3).join(" ") } : { NODE_OPTIONS: `--require=${argv[2]}` };
  await using app = await new App(runtime, "http.mjs", { env: twice }).listens();
  await (await app.get("/")).text();
  await until(async () => (await countedBy(app)).length > 0, { what: "it is counted" });
  expect((await countedBy(app)).map(({ value }) => value)).toEqual([1]);
});

test("the socket is removed at the end of the app", async () => {
  await using app = await new App("bun", "serve.ts").listens();
  await app.ask("/healthz");
  app.child.kill("SIGTERM");
  await app.child.exited;
  expect(existsSync(socketOf(app.child.pid))).toBe(false);
});

test.each<[Runtime, string, number]>([
  ["bun", "hostile.ts", 100_000],
  ["node", "hostile.mjs", 5000],
])(
  "on %s, %s with %d distinct URLs and strange methods keeps its metrics below 200 KB, and counts all",
  async (runtime, file, total) => {
    await using app = await new App(runtime, file).listens();
    await flood(app.port, total, request);
    const sum = async () => (await countedBy(app)).reduce((all, { value }) => all + value, 0);
    await until(async () => (await sum()) === total, { what: `${total} requests are counted`, timeoutMs: 20_000 });
    const counted = await countedBy(app);
    expect(new Set(counted.map(({ route }) => route)).size).toBeLessThanOrEqual(101);
    expect(new Set(counted.map(({ method }) => method))).toEqual(new Set(["GET", "POST", "OTHER"]));
    for (const accept of ["application/openmetrics-text", "text/plain"]) {
      const text = await (await app.ask("/metrics", accept)).text();
      expect(text.length).toBeLessThan(maxBytes);
      expect(text.endsWith("\n# EOF\n")).toBe(accept !== "text/plain");
      const wrong = text.split("\n").filter((line) => !/^(# (HELP|TYPE|EOF).*|\w+(\{(\w+="[^"\\]*",?)+\})? [\d.e+-]+)?$/.test(line));
      expect(wrong).toEqual([]);
    }
  },
  120_000,
);

function request(i: number): string {
  const word = i % 50 === 0 ? `${"x".repeat(150)}${i}` : `${String.fromCharCode(97 + (i % 26))}w-${(i * 7919).toString(36)}"\\`;
  const method = i % 10 === 0 ? "POST" : i % 25 === 1 ? "PROPFIND" : "GET";
  const length = method === "GET" ? "" : "Content-Length: 0\r\n";
  return `${method} /${word}/${i % 3 === 0 ? "a" : "b"}?q=${i} HTTP/1.1\r\nHost: h${i}\r\n${length}\r\n`;
}

test.each<Runtime>(["bun", "node"])(
  "an app on %s removes the sockets of processes that have ended, and no other file",
  async (runtime) => {
    await using living = await new App(runtime, "http.mjs").listens();
    await living.ask("/readyz");
    const killed = await new App(runtime, "http.mjs").listens();
    await killed.ask("/readyz");
    await killed[Symbol.asyncDispose]();
    const other = socketOf(killed.child.pid).replace(".sock", ".other");
    writeFileSync(other, "");
    expect(existsSync(socketOf(killed.child.pid))).toBe(true);
    await using next = await new App(runtime, "http.mjs").listens();
    await next.ask("/readyz");
    const files = [killed, living, next].map(({ child }) => existsSync(socketOf(child.pid)));
    expect([...files, existsSync(other)]).toEqual([false, true, true, true]);
    rmSync(other);
  },
  60_000,
);
