// Defaults of options: what goes before what, and mistakes by line and field.
import { expect, test } from "bun:test";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { configFile, loadConfig, mistakeLine } from "../../src/config/config.ts";
import { jsonSchema } from "../../src/config/json-schema.ts";
import { settings, variableOf } from "../../src/config/settings.ts";
import { parseToml } from "../../src/config/toml.ts";
import { builtIn } from "../../src/service/defaults.ts";
import { parsers } from "../../src/service/values.ts";

function load(toml: string | null, env: Record<string, string> = {}) {
  const folder = mkdtempSync(join(tmpdir(), "bs9-config-"));
  if (toml !== null) writeFileSync(configFile(folder), toml);
  return loadConfig(folder, env);
}

test("nothing set is what is built in", () => {
  const { defaults, origins, mistakes } = load(null);
  expect(defaults).toEqual(builtIn);
  expect(mistakes).toEqual([]);
  expect(new Set(origins.map(({ from }) => from))).toEqual(new Set(["built-in"]));
});

test("a variable goes before the file, the file before what is built in", () => {
  const { file, defaults, origins } = load('[start]\nmemory = "512M"\nwait = 5\nlinger = false\n', { BS9_MEMORY: "1G", BS9_CPU: "" });
  expect(defaults).toEqual({ ...builtIn, memoryBytes: 1024 ** 3, waitMs: 5000, linger: false });
  const from = (key: string) => origins.find((one) => one.key === key)?.from;
  expect([from("memory"), from("wait"), from("linger"), from("cpu")]).toEqual([
    "variable BS9_MEMORY",
    `${file}:3`,
    `${file}:4`,
    "built-in",
  ]);
});

test.each([
  ["[start]\nmemory = \n", ["c:2: Missing value after '='; values must be on the same line"]],
  ["a=1\na=2", ["c:2: Cannot redefine key 'a'"]],
  ["[start]\nmemory = 512M\n", ["c:2: Unexpected character after a value: 'M'"]],
  ["[start]\n\n[start]\n", ["c:3: Cannot redefine table 'start'"]],
  [
    "# c\n[start]\nfiles=[\n1\n]\nmemry=1",
    [
      "c:3: start.files: it has to be a number, or a text in quotes, such as 65536",
      "c:6: start.memry: there is no such key; did you mean 'memory'?",
    ],
  ],
  ["\n[agent]\nx=1", ["c:2: agent: there is no such section; only [start] is known"]],
  ["start=1", ["c:1: start: it has to be a section, [start]"]],
  ["[start]\n__proto__=1\nconstructor='x'", ["c:2: start.__proto__: there is no such key", "c:3: start.constructor: there is no such key"]],
  ["[start]\nsandbox='hard'", ["c:2: start.sandbox: sandbox cannot be 'hard': standard, strict, off are possible"]],
  ["start.wait='soon'", ["c:1: start.wait: wait cannot be 'soon': a time like 30s, 10m or 2h is needed"]],
  ["[start]\nlinger='yes'", ["c:2: start.linger: it has to be true or false, such as true"]],
])("%j", (text, lines) => expect(parseToml(text, "c").mistakes.map(mistakeLine)).toEqual(lines));

test("a wrong variable is named, and the file counts", () => {
  const { defaults, mistakes } = load("[start]\ntasks = 7\n", { BS9_TASKS: "many" });
  expect(defaults.tasks).toBe(7);
  expect(mistakes.map(mistakeLine)).toEqual(["environment: BS9_TASKS cannot be 'many': a whole number from 1 to 4194304 is needed"]);
});

test("a file that cannot be read is a mistake", () => {
  expect(load("x".repeat(70_000)).mistakes[0]?.what).toContain("more than");
});

test("the table has every default, and its examples are good", () => {
  expect(new Set(settings.map(({ field }) => field))).toEqual(new Set(Object.keys(builtIn) as (keyof typeof builtIn)[]));
  for (const setting of settings) expect(() => parsers[setting.field](String(setting.example), setting.key)).not.toThrow();
  expect(settings.map(variableOf)).toContain("BS9_RESTART_DELAY");
  expect(jsonSchema()).toMatchObject({
    properties: { start: { additionalProperties: false, properties: { sandbox: { enum: ["standard", "strict", "off"] } } } },
  });
});
