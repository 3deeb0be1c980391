// Ports, limits, restarts, health and exit statuses as a user sees them.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { freePort, until } from "../harness.ts";
import { Place } from "./bs9.ts";

const place = new Place();
const [first, second] = [freePort(), freePort()];

beforeAll(async () => {
  place.furnish();
  place.write(
    "bs9/config/config.toml",
    '[metrics]\ninterval = "1s"\n\n[health]\ninterval = "1s"\ntimeout = "500ms"\nunhealthy-after = 2\n',
  );
  place.write("mute/app.ts", "setInterval(() => {}, 1000);\n");
  expect(await place.bs9("start", "web/app.ts", "--name", "web", "--port", String(first), "--memory", "300M")).toMatchObject({ code: 0 });
});
afterAll(() => place.down());

test("a port that another service uses is reported with the name of that service", async () => {
  const { code, stderr } = await place.bs9("start", "web/app.ts", "--name", "other", "--port", String(first));
  expect([code, stderr]).toEqual([1, expect.stringContaining(`port ${first} is taken by the service web`)]);
});

test("--env PORT=N is the port of the service: bs9 waits for it, shows it, probes it and refuses it to other services", async () => {
  const started = await place.bs9("start", "web/app.ts", "--name", "by-env", "--env", `PORT=${second}`);
  expect(started.stdout).toMatch(/^by-env started .*ready in/);
  expect(await place.statusOf("by-env")).toMatchObject({ port: second });
  await until(async () => (await place.statusOf("by-env")).health === "healthy", { what: "its port is probed" });
  const { stderr } = await place.bs9("start", "web/app.ts", "--name", "third", "--env", `PORT=${second}`);
  expect(stderr).toContain(`port ${second} is taken by the service by-env`);
  const bad = await place.bs9("start", "mute/app.ts", "--env", `PORT=${freePort()}`, "--wait", "1");
  expect([bad.code, bad.stderr]).toEqual([1, expect.stringContaining("does not listen on port")]);
  await place.bs9("delete", "by-env", "mute", "--yes");
});

test("start and status name a limit that the host cannot enforce", async () => {
  const { limits } = await place.statusOf("web");
  const isTold = async () => (await place.bs9("status", "web")).stderr.includes("web: the memory limit of 300M is not in force");
  expect(await isTold()).toBe(limits.memoryBytes?.inForce === false);
  const { stderr } = await place.bs9("start", "mute/app.ts", "--name", "limited", "--memory", "200M", "--wait", "0");
  const limited = await place.statusOf("limited");
  expect(stderr.includes("the memory limit of 200M is not in force")).toBe(limited.limits.memoryBytes?.inForce === false);
});

test("a service that never came up has no restarts in status, describe and export", async () => {
  place.write("bad/app.ts", "process.exit(3);\n");
  expect((await place.bs9("start", "bad/app.ts", "--name", "bad")).code).toBe(1);
  expect(await place.statusOf("bad")).toMatchObject({ state: "failed", restarts: 0 });
  expect((await place.bs9("describe", "bad")).stdout).toMatch(/^ {2}restarts +0$/m);
  const exported = async () => (await place.bs9("export", "--format", "csv", "--service", "bad")).stdout.trimEnd().split("\r\n").at(-1);
  const row = await until(async () => (await exported())?.match(/^\S+,bad,failed,(.*)$/), { what: "a sample of the failed service" });
  expect(row[1]?.split(",")[4]).toBe("0");
  await place.bs9("delete", "bad", "--yes");
});

test("a service without a check has no health, and a service that was not probed yet has the health unknown", async () => {
  const started = JSON.parse((await place.bs9("start", "mute/app.ts", "--name", "mute", "--json")).stdout) as [
    { status: { health: unknown } },
  ];
  expect(started[0].status.health).toBeNull();
  expect(await place.statusOf("mute")).toMatchObject({ health: null });
  expect((await place.bs9("describe", "mute")).stdout).toContain("no check");
});

test("a service without a check and without the preload is probed on its only listening port, and is not probed if it has several", async () => {
  const [only, one, other] = [freePort(), freePort(), freePort()];
  const serving = (...ports: number[]) => ports.map((port) => `Bun.serve({ port: ${port}, fetch: () => new Response("") });\n`).join("");
  place.write("one/app.ts", serving(only));
  place.write("two/app.ts", serving(one, other));
  for (const name of ["one", "two"]) expect((await place.bs9("start", `${name}/app.ts`, "--name", name, "--no-inject")).code).toBe(0);
  await until(async () => (await place.statusOf("one")).health === "healthy", { what: "the only port is probed" });
  expect(await place.statusOf("one")).toMatchObject({ port: only });
  const { stdout } = await place.bs9("describe", "one");
  expect(stdout).toMatch(new RegExp(`healthy.*; accepts connections on port ${only}, the only port that it listens on$`, "m"));
  expect(await place.statusOf("two")).toMatchObject({ health: null, port: Math.min(one, other) });
  expect((await place.bs9("describe", "two")).stdout).toMatch(/^ {2}health +no check$/m);
  await place.bs9("delete", "one", "two", "--yes");
});

test("a service without a check and with the preload is probed on its lowest port, and its preload has to answer", async () => {
  const ports = [freePort(), freePort()].sort((a, b) => a - b);
  place.write("both/app.ts", ports.map((port) => `Bun.serve({ port: ${port}, fetch: () => new Response("") });\n`).join(""));
  expect((await place.bs9("start", "both/app.ts", "--name", "both")).code).toBe(0);
  await until(async () => (await place.statusOf("both")).health === "healthy", { what: "its lowest port is probed" });
  const { stdout } = await place.bs9("describe", "both");
  expect(stdout).toMatch(new RegExp(`healthy.*; accepts connections on port ${ports[0]}, .*and its preload answers /healthz$`, "m"));
  await place.bs9("delete", "both", "--yes");
});

test("no written data is lost silently: writes outside the directories that start names fail, and the cache is deleted with the service", async () => {
  place.write(
    "writing/app.ts",
    `import { mkdirSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
const cache = process.env.XDG_CACHE_HOME;
const outcomes = ["kept", "../other", process.env.HOME + "/backups/db.dump", cache + "/deep/kept"].map((path) => {
  try {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, "written");
    return "written";
  } catch (error) {
    return error.code;
  }
});
writeFileSync("said", JSON.stringify({ cache, outcomes }));
setInterval(() => {}, 1000);\n`,
  );
  const { stderr } = await place.bs9("start", "writing/app.ts", "--name", "writing");
  expect(stderr).toMatch(
    /^writing can write in ~\/writing, .*, and in its own .*cache\/writing; the rest of your home directory is closed to it$/m,
  );
  const said = await until(() => place.read("writing/said"), { what: "it has tried" });
  const { cache, outcomes } = JSON.parse(said) as { cache: string; outcomes: string[] };
  expect(outcomes).toEqual(["written", "EACCES", "EACCES", "written"]);
  expect([place.read("writing/kept"), readFileSync(join(cache, "deep/kept"), "utf8")]).toEqual(["written", "written"]);
  expect((await place.bs9("describe", "writing")).stdout).toMatch(
    /^Directories\n {2}writable {2}~\/writing$(.|\n)*^ {2}hidden .*the rest of ~$(.|\n)*^Sandbox /m,
  );
  await place.bs9("delete", "writing", "--yes");
  expect(existsSync(cache)).toBe(false);
});

test("an unhealthy service makes status exit with 3", async () => {
  await place.bs9("delete", "all", "--yes");
  const app = `import { existsSync } from "node:fs";
Bun.serve({ port: process.env.PORT, fetch: () => new Response("", { status: existsSync("sick") ? 503 : 200 }) });\n`;
  place.write("turning/app.ts", app);
  await place.bs9("start", "turning/app.ts", "--name", "turning", "--port", String(freePort()), "--health", "/");
  const becomes = (health: string) => until(async () => (await place.statusOf("turning")).health === health, { what: `it is ${health}` });
  await becomes("healthy");
  expect(await place.bs9("status")).toMatchObject({ code: 0 });
  place.write("turning/sick", "");
  await becomes("unhealthy");
  expect(await place.bs9("status")).toMatchObject({ code: 3 });
  expect(await place.bs9("status", "turning")).toMatchObject({ code: 3 });
});
