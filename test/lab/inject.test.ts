// What the built bs9 puts into unmodified apps, on a real systemd and on the supervisor: the figures are exact, and nothing but
// the figures depends on the preload.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { Description } from "../../src/lifecycle/describe.ts";
import type { Status } from "../../src/status/schema.ts";
import { type Lab, lab, succeed, until } from "../harness.ts";
import { parseCsv } from "../storage/parsers.ts";

let it: Lab;
const config = '[metrics]\ninterval = "1s"\n\n[health]\ninterval = "1s"\ntimeout = "500ms"\nunhealthy-after = 2\n';
const app = `Bun.serve({ port: Number(process.env["PORT"]), fetch: ({ url }) =>
  new URL(url).pathname === "/env" ? Response.json(process.env) : new Response("", { status: url.includes("/boom") ? 500 : 200 }) });
`;
const nodeApp = 'require("node:http").createServer((_, response) => response.end(String(process.pid))).listen(process.env.PORT);\n';
/** Replaces its socket by a FIFO, as an app may do that cleans up directories. */
const breaking = `${app}
const { readdirSync, rmSync } = require("node:fs");
setInterval(() => {
  const dir = process.env["BS9_INJECT_DIR"];
  for (const name of readdirSync(dir)) rmSync(dir + "/" + name, { force: true });
  Bun.spawnSync(["mkfifo", dir + "/" + process.pid + ".sock"]);
}, 100);
`;

beforeAll(async () => {
  it = await lab("inject", { keepNode: true });
  for (const folder of [".config/bs9", "sup/config"]) await it.writeFile("ops", `${folder}/config.toml`, config);
  for (const name of ["web", "strict", "off", "older", "without", "breaks"])
    await it.writeFile("ops", `${name}/app.ts`, name === "breaks" ? breaking : app);
  await it.writeFile("ops", "npm/server.cjs", nodeApp);
  await it.writeFile("ops", "npm/package.json", '{"name": "npm", "scripts": {"start": "node server.cjs && true"}}\n');
}, 300_000);
afterAll(() => it.down());

const backends = [
  { backend: "systemd", env: {}, port: 4700 },
  { backend: "supervisor", env: { BS9_BACKEND: "supervisor", BS9_HOME: "/home/ops/sup" }, port: 4800 },
] as const;

describe.each([...backends])("on $backend", ({ backend, env, port }) => {
  const bs9 = (...argv: string[]) => it.asUser("ops", ["bs9", ...argv], { env });
  const sh = (script: string) => it.asUser("ops", ["sh", "-c", script]);
  const described = async (name: string) => JSON.parse(succeed(await bs9("describe", name, "--json"), "describe").stdout) as Description;
  /** A process that serves no HTTP makes its socket a second after its start. */
  const inForce = (name: string) =>
    until(
      async () => {
        const found = await described(name);
        return found.preload.why === null ? found : null;
      },
      { what: `the preload of ${name} answers` },
    );
  const statusOf = async (name: string) => JSON.parse((await bs9("status", name, "--json")).stdout)[0] as Status;
  const exported = async (name: string) => parseCsv((await bs9("export", "--format", "csv", "--service", name)).stdout);
  const sumOf = async (name: string, column: string) => (await exported(name)).reduce((sum, row) => sum + Number(row[column] ?? 0), 0);
  const load = (at: number, path: string) => sh(`curl -s -o /dev/null --fail-early 'http://127.0.0.1:${at}/${path}'`);
  const start = (entry: string, at: number, ...more: string[]) => bs9("start", entry, "--port", String(at), ...more);

  test("an unmodified app has exactly the requests that it was sent, in status, describe and export", async () => {
    succeed(await start("web/app.ts", port, "--name", "web"), "start");
    await load(port, "page[1-200]");
    await load(port, "boom[1-10]");
    await until(async () => (await sumOf("web", "requests")) >= 210, { what: "all requests are stored" });
    expect([await sumOf("web", "requests"), await sumOf("web", "requestErrors")]).toEqual([210, 10]);
    const { served, preload, status } = await described("web");
    expect(served).toEqual({ count: 210, failed: 10 });
    expect(preload).toEqual({ pids: [status.pid ?? 0], why: null });
    expect((await bs9("describe", "web")).stdout).toContain("210 since its processes started, 10 of them errors");
    let sent = 210;
    // The last tick shows only its own second, so there are new requests before each look.
    const { requests } = await until(
      async () => {
        await load(port, "page[1-50]");
        sent += 50;
        const now = await statusOf("web");
        return now.requests?.errorPercent === null ? null : now;
      },
      { what: "status shows the last tick" },
    );
    expect(requests?.perSecond).toBeGreaterThan(0);
    expect(requests?.p95Ms).toBeGreaterThanOrEqual(requests?.p50Ms ?? 0);
    expect((await bs9("status")).stdout).toContain("REQ/S");
    await until(async () => (await sumOf("web", "requests")) === sent, { what: "the export has them, too" });
    // A new run counts from 0, and the export keeps the sum.
    succeed(await bs9("restart", "web"), "restart");
    await load(port, "page[1-30]");
    await until(async () => (await described("web")).served?.count === 30, { what: "the new process is counted" });
    await until(async () => (await sumOf("web", "requests")) === sent + 30, { what: "the export has all" });
  }, 240_000);

  test("the preload is in force in every profile of the sandbox, and the sandbox stays as it is", async () => {
    const before = await statusOf("web");
    for (const [i, profile] of (["strict", "off"] as const).entries()) {
      succeed(await start(`${profile}/app.ts`, port + 1 + i, "--name", profile, "--sandbox", profile), profile);
      const { sandbox, environment } = await inForce(profile);
      expect([profile, sandbox.verdict]).toEqual([profile, profile === "off" ? "off" : before.sandbox]);
      expect(environment).toContain("BS9_INJECT_DIR");
    }
    expect(before.sandbox).toBe(backend === "systemd" ? "effective" : "partial");
    const { text } = await it.fetch({ port, path: "/env" });
    const seen = Object.keys(JSON.parse(text)).filter((name) => name.startsWith("BS9_") || name === "RUNTIME_DIRECTORY");
    expect(seen.sort()).toEqual(["BS9_INJECT_DIR", "BS9_INJECT_STOP_MS"]);
  }, 240_000);

  test("npm start gets it through NODE_OPTIONS, in the server and not in npm", async () => {
    succeed(await bs9("start", "npm", "--cwd", "/home/ops/npm", "--port", String(port + 3), "--", "start"), "npm");
    await load(port + 3, "page[1-20]");
    await until(async () => (await described("npm")).served?.count === 20, { what: "the requests are counted" });
    const { text } = await it.fetch({ port: port + 3, path: "/" });
    expect((await described("npm")).preload.pids).toEqual([Number(text)]);
  }, 240_000);

  test("--no-inject leaves everything out", async () => {
    succeed(await start("without/app.ts", port + 4, "--name", "without", "--no-inject"), "start");
    await load(port + 4, "page[1-5]");
    const { text } = await it.fetch({ port: port + 4, path: "/env" });
    expect(text).not.toContain("INJECT");
    expect(await described("without")).toMatchObject({
      preload: { pids: [], why: "--no-inject was given" },
      served: null,
      status: { requests: null },
    });
    await until(async () => (await exported("without")).length >= 3, { what: "there are samples" });
    expect((await exported("without")).every(({ requests }) => requests === "")).toBe(true);
    expect((await bs9("start", "without/app.ts", "--name", "without")).stdout).toContain("unchanged");
  }, 240_000);

  test("an app that breaks its socket loses its figures and nothing else", async () => {
    succeed(await start("breaks/app.ts", port + 5, "--name", "breaks"), "start");
    await until(async () => (await statusOf("breaks")).health === "healthy", { what: "it is healthy" });
    const ticks = (await exported("web")).length;
    await until(async () => (await exported("web")).length >= ticks + 4, { what: "the ticks go on" });
    const { status, preload, served } = await described("breaks");
    expect(status).toMatchObject({ state: "active", ready: true, health: "healthy", requests: null });
    expect([preload.why, served]).toEqual(["none of its processes answers on its socket", null]);
    const late = JSON.parse((await bs9("describe", "bs9-agent", "--json")).stdout).self;
    expect(late.overrunTicks).toBe(0);
    succeed(await bs9("delete", "breaks", "--yes"), "delete");
  }, 240_000);

  test("a process whose event loop stands still is unhealthy, although the kernel accepts connections for it", async () => {
    const { pid } = await statusOf("web");
    await until(async () => (await statusOf("web")).health === "healthy", { what: "it is healthy" });
    await sh(`kill -STOP ${pid}`);
    await until(async () => (await statusOf("web")).health === "unhealthy", { what: "it is unhealthy", timeoutMs: 20_000 });
    expect((await bs9("status")).stderr).toContain("does not answer /healthz");
    await sh(`kill -CONT ${pid}`);
    await until(async () => (await statusOf("web")).health === "healthy", { what: "it is healthy again" });
    expect((await bs9("describe", "web")).stdout).toContain("and its preload answers /healthz");
  }, 240_000);

  test("a service that an older bs9 defined changes at its next restart, which says so", async () => {
    succeed(await start("older/app.ts", port + 6, "--name", "older", "--no-inject"), "start");
    // The supervisor has a copy of the spec in its record.
    const files =
      backend === "systemd" ? [".config/bs9/services/older.json"] : ["sup/config/services/older.json", "sup/state/services/older.json"];
    for (const file of files) {
      const { stdout } = await sh(`cat ${file}`);
      const text = JSON.stringify(JSON.parse(stdout, (key, value) => (key === "inject" ? undefined : value)));
      await it.writeFile("ops", file, `${text}\n`, "600");
    }
    const { preload, sandbox } = await described("older");
    expect([preload.why, sandbox.verdict]).toEqual([
      "an older bs9 defined it; bs9 restart older adds it",
      backend === "systemd" ? "effective" : "partial",
    ]);
    expect((await bs9("start", "older/app.ts", "--name", "older", "--port", String(port + 6))).stdout).toContain("unchanged");
    const restarted = succeed(await bs9("restart", "older"), "restart");
    expect(restarted.stderr).toContain("older: bs9 now adds health endpoints, metrics and a graceful stop to it");
    await inForce("older");
    expect(succeed(await bs9("restart", "older"), "restart").stderr).not.toContain("bs9 now adds");
  }, 240_000);

  test("a deleted service leaves neither its sockets nor its preload", async () => {
    succeed(await bs9("delete", "all", "--yes"), "delete");
    const [sockets, share] =
      backend === "systemd" ? ["/run/user/1001/bs9", ".local/share/bs9/inject"] : ["sup/state/inject", "sup/data/inject"];
    expect((await sh(`find ${sockets} ${share} -type s -o -type f -o -name web`)).stdout).toBe("");
  }, 240_000);
});
