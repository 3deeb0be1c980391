// Defaults of options: their precedence, and errors by line and field.
import { expect, test } from "bun:test";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { configFile, loadConfig, mistakeLine } from "../../src/config/config.ts";
import { defaultHealth } from "../../src/config/health.ts";
import { jsonSchema } from "../../src/config/json-schema.ts";
import { defaultKeeping } from "../../src/config/keeping.ts";
import { settings, variableOf } from "../../src/config/settings.ts";
import { parseToml } from "../../src/config/toml.ts";
import { builtIn } from "../../src/service/defaults.ts";

function load(toml: string | null, env: Record<string, string> = {}) {
  const folder = mkdtempSync(join(tmpdir(), "bs9-config-"));
  if (toml !== null) writeFileSync(configFile(folder), toml);
  return loadConfig(folder, env);
}

test("without settings the built-in defaults apply", () => {
  const { defaults, origins, mistakes } = load(null);
  expect(defaults).toEqual(builtIn);
  expect(mistakes).toEqual([]);
  expect(new Set(origins.map(({ from }) => from))).toEqual(new Set(["built-in"]));
});

test("a BS9_ variable overrides config.toml, and config.toml overrides the built-in default", () => {
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
      "c:3: start.files: must be a number, or a text in quotes, such as 65536",
      "c:6: start.memry: there is no such key; did you mean 'memory'?",
    ],
  ],
  ["\n[agent]\nx=1", ["c:2: agent: there is no such section; only [start], [metrics], [health], [web] and [inject] are known"]],
  ["start=1", ["c:1: start: must be a section, [start]"]],
  ["[start]\n__proto__=1\nconstructor='x'", ["c:2: start.__proto__: there is no such key", "c:3: start.constructor: there is no such key"]],
  ["[start]\nsandbox='hard'", ["c:2: start.sandbox: sandbox must be one of standard, strict, off (got 'hard')"]],
  ["start.wait='soon'", ["c:1: start.wait: wait must be a time such as 30s, 10m or 2h (got 'soon')"]],
  ["metrics=1\n[start]\ninterval=5", ["c:1: metrics: must be a section, [metrics]", "c:3: start.interval: there is no such key"]],
  [
    "[metrics]\ninterval='2h'\nkeep-raw=0\nkeep-1m='20000d'\nkeep-2m=5\nkeep-1h=true",
    [
      "c:2: metrics.interval: interval must be from 1s to 1m (got '2h')",
      "c:3: metrics.keep-raw: keep-raw must be a whole number from 1 to 1000000 (got '0')",
      "c:4: metrics.keep-1m: keep-1m must be a number of snapshots, or an age from 1s to 3660d (got '20000d')",
      "c:5: metrics.keep-2m: there is no such key; did you mean 'keep-1m'?",
      "c:6: metrics.keep-1h: must be a number, or a text in quotes, such as 1000",
    ],
  ],
  [
    "[health]\ninterval='500ms'\ntimeout='2m'\nunhealthy-after=0\nhealthy-after=1.5\nunhealty-after=2",
    [
      "c:2: health.interval: interval must be from 1s to 1h (got '500ms')",
      "c:3: health.timeout: timeout must be from 100ms to 1m (got '2m')",
      "c:4: health.unhealthy-after: unhealthy-after must be a whole number from 1 to 100 (got '0')",
      "c:5: health.healthy-after: healthy-after must be a whole number from 1 to 100 (got '1.5')",
      "c:6: health.unhealty-after: there is no such key; did you mean 'unhealthy-after'?",
    ],
  ],
  ["[start]\nlinger='yes'", ["c:2: start.linger: must be true or false, such as true"]],
])("mistakes in the config.toml %j are reported by line", (text, lines) =>
  expect(parseToml(text, "c").mistakes.map(mistakeLine)).toEqual(lines),
);

test("an invalid BS9_ variable is reported, and the value of config.toml applies instead", () => {
  const { defaults, mistakes } = load("[start]\ntasks = 7\n", { BS9_TASKS: "many" });
  expect(defaults.tasks).toBe(7);
  expect(mistakes.map(mistakeLine)).toEqual(["environment: BS9_TASKS must be a whole number from 1 to 4194304 (got 'many')"]);
});

test("the settings for history accept a number of samples or an age", () => {
  expect(load(null).keeping).toEqual(defaultKeeping);
  const { keeping, origins, mistakes } = load(
    "[metrics]\ninterval = '2s'\nkeep-raw = 500\nkeep-10m = '3d'\nkeep-1h = '30d'\n",
    // The agent would not see this variable.
    { BS9_METRICS_KEEP_1M: "7" },
  );
  expect(mistakes).toEqual([]);
  expect(keeping).toEqual({
    intervalMs: 2000,
    raw: { snapshots: 500 },
    minutes: { snapshots: 1000 },
    tens: { ageMs: 3 * 86_400_000 },
    hours: { ageMs: 30 * 86_400_000 },
  });
  const { key, text, from } = origins.find((one) => one.key === "metrics.keep-10m") ?? {};
  expect([key, text, from]).toEqual(["metrics.keep-10m", "3d", expect.stringMatching(/config\.toml:4$/)]);
});

test("the probe interval is independent of the sample interval", () => {
  expect(load(null).health).toEqual(defaultHealth);
  const { health, keeping, origins, mistakes } = load(
    "[health]\ninterval = 2\ntimeout = '250ms'\nunhealthy-after = '5'\n[metrics]\ninterval = '7s'\n",
    { BS9_HEALTH_INTERVAL: "9s" },
  );
  expect(mistakes).toEqual([]);
  expect(health).toEqual({ intervalMs: 2000, timeoutMs: 250, unhealthyAfter: 5, healthyAfter: 1 });
  expect(keeping.intervalMs).toBe(7000);
  const told = origins.filter(({ key }) => key.startsWith("health.")).map(({ key, text }) => `${key} ${text}`);
  expect(told).toEqual(["health.interval 2", "health.timeout 250ms", "health.unhealthy-after 5", "health.healthy-after 1"]);
});

test("a file that cannot be read is reported as a mistake", () => {
  expect(load("x".repeat(70_000)).mistakes[0]?.what).toContain("more than");
});

test("the table of settings lists every default, and its examples are valid", () => {
  const fields = (section: string) => settings.flatMap((one) => (one.section === section ? [one.field] : []));
  expect([...fields("start"), ...fields("inject")].sort()).toEqual(Object.keys(builtIn).sort());
  expect(fields("health").sort()).toEqual(Object.keys(defaultHealth).sort());
  expect(fields("metrics").sort()).toEqual(Object.keys(defaultKeeping).sort());
  for (const setting of settings) expect(() => setting.parse(String(setting.example), setting.key)).not.toThrow();
  expect(settings.map(variableOf)).toContain("BS9_RESTART_DELAY");
  expect(jsonSchema()).toMatchObject({
    properties: { start: { additionalProperties: false, properties: { sandbox: { enum: ["standard", "strict", "off"] } } } },
  });
});
