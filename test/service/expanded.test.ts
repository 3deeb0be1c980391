// How start expands a directory with a package.json, and a command line in one word.
import { afterAll, expect, test } from "bun:test";
import { chmodSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expanded } from "../../src/service/expanded.ts";
import type { StartInput } from "../../src/service/input.ts";
import { tempDir } from "../harness.ts";

const top = tempDir();
afterAll(() => rmSync(top, { recursive: true }));
const none: StartInput = { env: {}, envRemoved: [], reset: false };

/** A PATH that contains only these commands. */
function pathWith(...commands: string[]): string {
  const folder = join(top, `bin-${commands.join("-")}`);
  mkdirSync(folder, { recursive: true });
  for (const command of commands) {
    writeFileSync(join(folder, command), "");
    chmodSync(join(folder, command), 0o755);
  }
  return folder;
}

let next = 0;
function project(content: unknown, ...files: string[]): string {
  const folder = join(top, `project-${next++}`);
  for (const file of ["package.json", ...files]) {
    mkdirSync(join(folder, file, ".."), { recursive: true });
    writeFileSync(join(folder, file), file === "package.json" ? (typeof content === "string" ? content : JSON.stringify(content)) : "");
  }
  return folder;
}

test("a command line in one argument of start is split, and its variables become variables of the service", () => {
  expect(expanded("A=1 npm run dev", { ...none, args: ["--x"] }, { cwd: top, path: "" })).toEqual({
    word: "npm",
    input: { ...none, args: ["run", "dev", "--x"], env: { A: "1" } },
  });
  expect(() => expanded("a | b", none, { cwd: top, path: "" })).toThrow("it needs a shell");
  writeFileSync(join(top, "with blank.ts"), "");
  expect(expanded("with blank.ts", none, { cwd: top, path: "" }).word).toBe("with blank.ts");
});

test("scripts.start runs without npm where it is a single command", () => {
  const folder = project({ scripts: { start: "PORT=3 node server.js --fast" } }, "server.js");
  const { word, input } = expanded(".", none, { cwd: folder, path: pathWith("node") });
  expect(word).toBe(join(folder, "server.js"));
  expect(input).toMatchObject({ args: ["--fast"], runtime: "node", cwd: folder, env: { PORT: "3" }, isProject: true });
  expect(expanded(folder, none, { cwd: "/", path: pathWith() }).input.runtime).toBeUndefined();
});

test("a program in node_modules of the project takes precedence over one on PATH", () => {
  const folder = project({ scripts: { start: "serve" } }, "node_modules/.bin/serve");
  expect(expanded("./", none, { cwd: folder, path: pathWith("serve", "npm") })).toMatchObject({
    word: join(folder, "node_modules/.bin/serve"),
    input: { args: [] },
  });
  const other = project({ scripts: { start: "gunicorn app" } });
  expect(expanded(other, none, { cwd: "/", path: pathWith("gunicorn") })).toMatchObject({
    word: "gunicorn",
    input: { cwd: other, args: ["app"] },
  });
});

test("scripts.start that passes another command to a program of the project runs through npm, so that its PATH has all programs of the project", () => {
  const folder = project({ scripts: { start: "cross-env A=1 next start" } }, "node_modules/.bin/cross-env", "node_modules/.bin/next");
  expect(expanded(folder, none, { cwd: "/", path: pathWith("npm") })).toMatchObject({
    word: "npm",
    input: { args: ["start"], cwd: folder },
  });
  expect(expanded(folder, none, { cwd: "/", path: "" })).toMatchObject({
    word: join(folder, "node_modules/.bin/cross-env"),
    input: { args: ["A=1", "next", "start"] },
  });
});

test("a package of a workspace can use the programs of its parent directories", () => {
  const workspace = project({}, "node_modules/.bin/next", "packages/web/package.json");
  writeFileSync(join(workspace, "packages/web/package.json"), JSON.stringify({ scripts: { start: "next start" } }));
  expect(expanded(join(workspace, "packages/web"), none, { cwd: "/", path: "" }).word).toBe(join(workspace, "node_modules/.bin/next"));
});

test("in scripts.start, node with a directory is run by node, and a builtin command of the shell by npm", () => {
  const folder = project({ scripts: { start: "node ." } });
  expect(expanded(folder, none, { cwd: "/", path: pathWith("node") })).toMatchObject({ word: "node", input: { args: ["."], cwd: folder } });
  const shell = project({ scripts: { start: "exec node a.js" } }, "a.js");
  expect(expanded(shell, none, { cwd: "/", path: pathWith("npm") }).word).toBe("npm");
});

test("a script that needs a shell, or has a script before it, runs through npm", () => {
  const folder = project({ scripts: { start: "node a.js && node b.js" } });
  expect(expanded(folder, none, { cwd: "/", path: pathWith("npm") })).toMatchObject({
    word: "npm",
    input: { args: ["start"], cwd: folder },
  });
  expect(() => expanded(folder, none, { cwd: "/", path: "" })).toThrow("there is no npm on PATH");
  const before = project({ scripts: { prestart: "tsc", start: "node a.js" } }, "a.js");
  expect(expanded(before, none, { cwd: "/", path: pathWith("npm") }).word).toBe("npm");
});

test("without scripts.start the main file is used, else index.js, and if neither exists an error says so", () => {
  const withMain = project({ main: "lib/it.js" }, "lib/it.js");
  expect(expanded(withMain, none, { cwd: "/", path: "" }).word).toBe(join(withMain, "lib/it.js"));
  const bare = project({});
  expect(() => expanded(bare, none, { cwd: "/", path: "" })).toThrow("has no scripts.start");
  writeFileSync(join(bare, "index.js"), "");
  expect(expanded(bare, none, { cwd: "/", path: "" }).word).toBe(join(bare, "index.js"));
});

test.each([
  ["server", "server.js"],
  ["server", "server.ts"],
  ["./lib", "lib/index.js"],
  ["lib/", "lib/index.js"],
])("main %s in package.json means the file %s", (main, file) => {
  const folder = project({ main }, file);
  expect(expanded(folder, none, { cwd: "/", path: "" }).word).toBe(join(folder, file));
});

test.each(["", "{", "[]", '{"scripts": 1}', '{"scripts": {"start": 7}}'])("a package.json with the content %j is an error", (content) => {
  expect(() => expanded(project(content), none, { cwd: "/", path: "" })).toThrow("package.json");
});

test("an entry that is neither a project directory nor a command line stays unchanged", () => {
  const long = `${"node app.js ".repeat(30)}x`;
  expect(expanded(long, none, { cwd: top, path: "" }).word).toBe("node");
  for (const word of ["app.ts", "./web", "web", "no/such/file"])
    expect(expanded(word, none, { cwd: top, path: "" })).toEqual({ word, input: none });
});
