// Command lines that users of PM2 and npm type: each starts a service that answers, without systemd.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { chmodSync } from "node:fs";
import { join } from "node:path";
import { freePort, until } from "../harness.ts";
import { answers, get, Place } from "./bs9.ts";

const place = new Place();
const app =
  'import http from "node:http";\nhttp.createServer((_, res) => res.end(JSON.stringify({ argv: process.argv.slice(2), mode: process.env.MODE }))).listen(process.env.PORT, "127.0.0.1");\n';

beforeAll(() => {
  for (const project of ["plain", "shop", "two"]) place.write(`${project}/server.mjs`, app);
});
afterAll(() => place.down());

const answerOf = async (port: number) => {
  await until(answers(port), { what: `port ${port} answers` });
  return get(port, "/");
};

test("starting a directory runs scripts.start of its package.json, under the name of the project", async () => {
  const port = freePort();
  place.write("plain/package.json", JSON.stringify({ name: "@acme/my-shop", scripts: { start: "MODE=own node server.mjs --fast" } }));
  const { code, stdout, stderr } = await place.bs9("start", "plain", "--port", String(port));
  expect(code, stderr).toBe(0);
  expect(stdout).toStartWith("my-shop started");
  expect<unknown>(await answerOf(port)).toEqual({ argv: ["--fast"], mode: "own" });
  expect((await place.bs9("start", "plain")).stdout).toStartWith("my-shop unchanged: no changes");
});

test("a command line in one argument is split into words", async () => {
  const [port, words] = [freePort(), "sh -c 'exit 0'"];
  place.write("shop/run.sh", '#!/bin/sh\nexec "$@"\n');
  const refused = await place.bs9("start", "a && b");
  expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining("it needs a shell\nTry: bs9 start sh -- -c 'a && b'") });
  const { code, stderr } = await place.bs9("start", words, "--name", "line", "--restart", "no", "--wait", "0");
  expect(code, stderr).toBe(0);
  expect(JSON.parse((await place.bs9("describe", "line", "--json")).stdout).spec.args).toEqual(["-c", "exit 0"]);
  expect(port).toBeGreaterThan(0);
});

test("bs9.toml starts each of its services, skips unchanged ones, and starts the valid ones beside an invalid one", async () => {
  const [a, b] = [freePort(), freePort()];
  const table = (name: string, port: number, more = "") => `[services.${name}]\nentry = "two/server.mjs"\nport = ${port}\n${more}`;
  place.write("bs9.toml", table("one", a) + table("two", b));
  expect(await place.bs9("start", "bs9.toml")).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(/^one started .*\ntwo started .*\n$/),
  });
  await answerOf(b);
  place.write("bs9.toml", table("one", a, 'args = ["--new"]\n') + table("two", b));
  expect((await place.bs9("start", "bs9.toml")).stdout).toMatch(/^one changed .*\ntwo unchanged: no changes, it still runs \(pid \d+\)\n$/);
  expect(await answerOf(a)).toMatchObject({ argv: ["--new"] });
  place.write("bs9.toml", `${table("one", a, 'args = ["--new"]\n')}[services.bad]\nentry = "two/none.mjs"\n`);
  const some = await place.bs9("start", "bs9.toml");
  expect(some).toMatchObject({ code: 1, stdout: expect.stringMatching(/^one unchanged: .*\n$/) });
  expect(some.stderr).toContain("cannot start bad: ");
  expect((await place.bs9("start", "bs9.toml", "--port", "1")).stderr).toContain("options of the services must be set in bs9.toml itself");
});

test.each([
  ["ecosystem.config.js", (text: string) => `module.exports = ${text};\n`],
  ["ecosystem.config.mjs", (text: string) => `console.log("noise");\nexport default ${text};\n`],
  ["ecosystem.json", (text: string) => text],
])("%s starts its apps, and names the settings that are not taken over", async (file, written) => {
  const port = freePort();
  const name = file.replaceAll(".", "-");
  const apps = [{ name, script: "two/server.mjs", env: { PORT: port, MODE: "eco" }, instances: 2 }];
  place.write(file, written(JSON.stringify({ apps })));
  const { code, stdout, stderr } = await place.bs9("start", file);
  expect(code, stderr).toBe(0);
  expect(stdout).toStartWith(`${name} started`);
  expect(stderr).toContain(`note: ${name}: bs9 ignores these keys of the PM2 file: instances\n`);
  expect(await answerOf(port)).toMatchObject({ mode: "eco" });
});

test("a PM2 file that throws and one that never ends are reported", async () => {
  place.write("pm2.config.js", 'throw new Error("no apps today");\n');
  expect(await place.bs9("start", "pm2.config.js")).toMatchObject({ code: 1, stderr: expect.stringContaining("no apps today") });
});

test("jlist prints the JSON of status and says that it is not the format of PM2; -v prints the version", async () => {
  const { stdout, stderr } = await place.bs9("jlist");
  expect(JSON.parse(stdout).map(({ name }: { name: string }) => name)).toContain("my-shop");
  expect(stderr).toStartWith("note: this is the JSON of bs9 status --json, and not that of PM2's jlist\n");
  expect((await place.bs9("-v")).stdout).toBe((await place.bs9("version")).stdout);
  expect((await place.bs9("rm", "line", "--yes")).code).toBe(0);
});

test("describe prints a common reason once, and --unit prints only the text of the unit", async () => {
  const { stdout } = await place.bs9("describe", "my-shop");
  expect(stdout.split("because: only systemd can do this").length).toBe(2);
  expect(stdout).toContain("SystemCallFilter=@system-service ~@privileged @resources");
  const unit = await place.bs9("describe", "my-shop", "--unit");
  expect(JSON.parse((await place.bs9("describe", "my-shop", "--unit", "--json")).stdout).text.trimEnd()).toBe(unit.stdout.trimEnd());
  expect(unit.stdout).not.toContain("because:");
});

test("two apps of a file that would get the same name are refused, and a file does not replace a service of another project", async () => {
  place.write("eco/package.json", "{}");
  for (const file of ["eco/a/index.js", "eco/b/index.js"]) place.write(file, "setInterval(() => {}, 1000);\n");
  place.write("eco/ecosystem.config.cjs", 'module.exports = { apps: [{ script: "a/index.js" }, { script: "b/index.js" }] };\n');
  expect(await place.bs9("start", "eco/ecosystem.config.cjs")).toMatchObject({
    code: 2,
    stderr: expect.stringContaining("two services named eco"),
  });
  place.write("other/package.json", "{}");
  place.write("other/run.js", "setInterval(() => {}, 1000);\n");
  place.write("other/bs9.toml", '[services.my-shop]\nentry = "run.js"\n');
  const other = await place.bs9("start", "other/bs9.toml");
  expect(other).toMatchObject({ code: 1, stderr: expect.stringContaining("belongs to another project") });
});

test("a directory with the name of a service does not hide the service", async () => {
  place.write("my-shop/package.json", JSON.stringify({ scripts: { start: "node none.js" } }));
  expect((await place.bs9("start", "my-shop", "--env", "MORE=1")).stdout).toStartWith("my-shop changed");
});

test("an executable text without a #! line runs as it does from a shell", async () => {
  place.write("two/bare.sh", "exec sleep 100000\n");
  chmodSync(join(place.folder, "two/bare.sh"), 0o755);
  expect((await place.bs9("start", "two/bare.sh")).stdout).toStartWith("bare started");
});
