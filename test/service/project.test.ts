// bs9.toml: the meaning of each key, and errors by file, line and key.
import { expect, test } from "bun:test";
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { startInputOf, startOptions } from "../../src/commands/start-input.ts";
import { parseProject, readProject } from "../../src/service/project.ts";
import { projectOptions } from "../../src/service/project-options.ts";
import { tempDir } from "../harness.ts";

const everything = `
[services.web]
entry = "app.ts"
args = ["--fast", ""]
port = 3000
env = { LEVEL = "debug", N = 5, ON = true, EMPTY = "" }
env-file = ".env"
cwd = "here"
runtime = "bun"
memory = "512M"
cpu = 50
files = 1024
tasks = 64
health = "/healthz"
health-restart = true
wait = 5
sandbox = "strict"
writable = ["cache", "/srv/x"]
readable = "docs"
require-sandbox = true
restart = "always"
restart-delay = "2s"
max-restarts = 3
stop-timeout = "10s"
log = "file"
force = true
`;

test("the keys of a service in bs9.toml mean the same as the options of start with those names", async () => {
  const folder = tempDir();
  writeFileSync(join(folder, ".env"), "LEVEL=info\nSECRET=s3\n");
  const [written] = parseProject(everything, join(folder, "bs9.toml"));
  const options = {
    name: "web",
    port: "3000",
    env: ["LEVEL=debug", "N=5", "ON=true"],
    cwd: "here",
    runtime: "bun",
    memory: "512M",
    cpu: "50",
    files: "1024",
    tasks: "64",
    health: "/healthz",
    healthRestart: true,
    wait: "5",
    sandbox: "strict",
    writable: ["cache", "/srv/x"],
    readable: ["docs"],
    requireSandbox: true,
    restart: "always",
    restartDelay: "2s",
    maxRestarts: "3",
    stopTimeout: "10s",
    log: "file",
    force: true,
    reset: true,
  };
  const byFlags = await startInputOf({ words: [], rest: ["--fast", ""], options }, folder);
  expect(written).toEqual({
    entry: "app.ts",
    envFiles: [join(folder, ".env")],
    input: { ...byFlags, env: { ...byFlags.env, EMPTY: "" } },
  });
});

test("every option of start that a service keeps can be set in bs9.toml", () => {
  const options = startOptions.map(({ flags }) => /--(?:no-)?([a-z-]+)/.exec(flags)?.[1] ?? "");
  const ofOneCall = ["name", "build", "dry-run", "linger", "reset"];
  const keys = projectOptions.map(({ key }) => key);
  expect(new Set([...keys, "env-file"])).toEqual(new Set([...options.filter((option) => !ofOneCall.includes(option)), "args"]));
});

test("entries in bs9.toml are found beside it, commands on PATH run in its directory, and environment files are read", async () => {
  const folder = tempDir();
  mkdirSync(join(folder, "src"));
  for (const file of ["app.ts", "tool"]) writeFileSync(join(folder, file), "");
  writeFileSync(join(folder, ".env"), "A=file\nB=file\n");
  const file = join(folder, "bs9.toml");
  writeFileSync(
    file,
    '[services.a]\nentry="app.ts"\nenv={A="table"}\nenv-file=[".env"]\n[services.b]\nentry="tool"\n[services.c]\nentry="python3"\n[services.d]\nentry="./none"\n',
  );
  const services = await readProject(file);
  expect(services.map(({ entry }) => entry)).toEqual([join(folder, "app.ts"), join(folder, "tool"), "python3", join(folder, "none")]);
  expect(services.map(({ input }) => input.cwd)).toEqual([undefined, undefined, folder, undefined]);
  expect(services[0]?.input.env).toEqual({ A: "table" });
  expect(services[0]?.input.envFiles).toEqual([{ path: join(folder, ".env"), values: { A: "file", B: "file" } }]);
});

const head = '[services.web]\nentry = "app.ts"\n';
test.each([
  ["", "c defines no service; a service is a table such as [services.web], with the key entry"],
  ["[services]", "c defines no service; a service is a table such as [services.web], with the key entry"],
  ["\n[service.web]", "c:2: service: there is no such key; each service is a table, [services.NAME]"],
  ["services = 1", "c:1: services: it must contain tables, [services.NAME]"],
  ["[services]\nweb = 'app.ts'", "c:2: services.web: it must be a table, [services.web]"],
  ["[services.web]\nport = 1", 'c:1: services.web: the key entry is missing, such as entry = "app.ts"'],
  ["[services.web]\nentry = ''", 'c:2: services.web.entry: entry must be a string in quotes, such as "app.ts"'],
  ["[services.web]\nentry = [1]", 'c:2: services.web.entry: entry must be a string in quotes, such as "app.ts"'],
  ["[services.All]\nentry = 'a'", "c:1: services.All: a service cannot be named"],
  ["[services.bs9-web]\nentry = 'a'", "c:1: services.bs9-web: a service cannot be named 'bs9-web': that name is reserved"],
  ["[services.__proto__]\nentry = 'a'", "c:1: services.__proto__: a service cannot be named"],
  [`${head}memry = "1G"`, "c:3: services.web.memry: there is no such key; did you mean 'memory'?"],
  [`${head}__proto__ = 1`, "c:3: services.web.__proto__: there is no such key"],
  [`${head}constructor = 1`, "c:3: services.web.constructor: there is no such key"],
  [`${head}port = 0`, "c:3: services.web.port: port must be a whole number from 1 to 65535 (got '0')"],
  [`${head}port = 1.5`, "c:3: services.web.port: port must be a whole number from 1 to 65535 (got '1.5')"],
  [`${head}port = true`, "c:3: services.web.port: port must be a number, or a string in quotes, such as 3000"],
  [`${head}memory = "lots"`, "c:3: services.web.memory: memory must be a size such as 512M or 2G (got 'lots')"],
  [`${head}sandbox = "none"`, "c:3: services.web.sandbox: sandbox must be one of standard, strict, off (got 'none')"],
  [`${head}force = "yes"`, "c:3: services.web.force: force must be true or false"],
  [`${head}writable = [1]`, "c:3: services.web.writable: writable must be a path in quotes, or a list of them"],
  [`${head}cwd = ["a"]`, "c:3: services.web.cwd: cwd must be a path in quotes"],
  [`${head}args = "x"`, "c:3: services.web.args: args must be a list of strings"],
  [`${head}args = ["\\u0000"]`, "c:3: services.web.args: args contains a NUL byte"],
  [`${head}env = { A = [] }`, "c:3: services.web.env: env must be a table of strings"],
  [`${head}env = { "a b" = "c" }`, "c:3: services.web.env: an environment variable cannot be named"],
  [
    `${head}health = "soon"`,
    "c:3: services.web.health: health must be a path such as /healthz, a URL, tcp:PORT or cmd:COMMAND (got 'soon')",
  ],
  [`${head}port = `, "c:3: "],
  [`${head}entry = "b"`, "c:3: Cannot redefine key 'entry'"],
])("the mistake in the bs9.toml %j is reported with its line", (text, reason) => expect(() => parseProject(text, "c")).toThrow(reason));

test("a bs9.toml that cannot be read is reported", async () => {
  const folder = tempDir();
  const missing = join(folder, "none.toml");
  await expect(readProject(missing)).rejects.toThrow(`cannot read ${missing}: there is no such file`);
  await expect(readProject(folder)).rejects.toThrow(`cannot read ${folder}: it is a directory, not a regular file`);
  const big = join(folder, "big.toml");
  writeFileSync(big, "#".repeat(300_000));
  await expect(readProject(big)).rejects.toThrow("more than");
  const file = join(folder, "bs9.toml");
  writeFileSync(file, `${head}env-file = "gone"\n`);
  await expect(readProject(file)).rejects.toThrow(`cannot read the environment file ${join(folder, "gone")}`);
  if (process.getuid?.() === 0) return;
  chmodSync(file, 0);
  await expect(readProject(file)).rejects.toThrow("permission denied");
});
