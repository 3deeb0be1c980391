// alerts.json: what is accepted, which mistakes are reported with which line and field, and how commands change it.
import { describe, expect, test } from "bun:test";
import { statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { editedAlerts } from "../../src/alerting/config/edit.ts";
import { alertMistakeLine, alertsFile, loadAlerts, parseAlerts, writeAlerts } from "../../src/alerting/config/file.ts";
import { AlertsInForce } from "../../src/alerting/config/in-force.ts";
import { alertsJsonSchema } from "../../src/alerting/config/json-schema.ts";
import { maskedAlerts } from "../../src/alerting/config/masked.ts";
import { readJson } from "../../src/base/json.ts";
import { tempDir } from "../harness.ts";

const whole = {
  enabled: true,
  cooldownSeconds: 60,
  rules: {
    cpu: { value: 90, for: "30s", severity: "critical" },
    memory: { value: "512M" },
    errorRate: { value: 5 },
    p95Ms: { value: 250, for: 10 },
    uptime: { value: 99.9, within: "7d" },
    restarts: { value: 5, within: "10m" },
    health: "on",
    failed: { for: "0s" },
    oom: "off",
    crashLoop: "on",
    hostMemory: { value: 95 },
    hostDisk: { value: 90 },
    memoryFull: { value: "30m", for: "1m" },
    hostDiskFull: { value: 86400, severity: "critical" },
  },
  services: { web: { cpu: "off", memory: { value: 80 } } },
  custom: [{ name: "files", series: "openFiles", op: ">", value: 1000, for: "1m", service: "web" }],
  certificates: [
    { name: "web", service: "web", port: 8443, host: "web.example", days: 21, allowUntrusted: true },
    { name: "site", url: "https://example.com", severity: "critical", for: "1m" },
    { name: "file", file: "~/cert.pem" },
  ],
  patterns: [{ name: "panic", pattern: "^panic: ", service: "web", quiet: "10m", severity: "critical" }],
  channels: {
    webhooks: [{ url: "https://hooks.example.com/a", secretFile: "~/key", preset: "slack" }],
    mail: { host: "mail.example.com", port: 587, user: "u", passwordFile: "/run/key", from: "a@example.com", to: ["b@example.com"] },
    command: { argv: ["/usr/bin/notify", "--all"] },
    journal: true,
  },
  heartbeat: { url: "https://beat.example.com/x", everySeconds: 60 },
};

test("a file with every field is accepted, and an empty one has the built-in values", () => {
  expect(parseAlerts(JSON.stringify(whole)).mistakes).toEqual([]);
  expect(parseAlerts("{}").config).toEqual({
    enabled: true,
    cooldownSeconds: 300,
    rules: {},
    services: {},
    custom: [],
    certificates: [],
    patterns: [],
    channels: { webhooks: [] },
  });
});

test("the rules hold milliseconds and bytes, whether a time is a number of seconds or a text", () => {
  const { config } = parseAlerts(JSON.stringify(whole));
  expect(config?.rules).toMatchObject({
    cpu: { for: 30_000 },
    memory: { value: { bytes: 512 * 1024 * 1024 } },
    p95Ms: { value: 250, for: 10_000 },
    uptime: { within: 7 * 86_400_000 },
    failed: { for: 0 },
  });
  expect(config?.custom).toMatchObject([{ for: 60_000 }]);
});

describe("a mistake is reported with its line and its field", () => {
  test.each([
    ['{\n"chanels": {}}', ":2: chanels: there is no such field; did you mean channels?"],
    ['{"rules": {\n"cpu": {\n"value": "ninety"}}}', ':3: rules.cpu.value: must be a number (got "ninety")'],
    ['{"rules": {"cpu": 90}}', ':1: rules.cpu: must be "off" or an object (got 90)'],
    ['{"rules": {"cpu": {"value": -1}}}', ":1: rules.cpu.value: must be above 0 (got -1)"],
    ['{"rules": {"cpu": {"value": 0}}}', ":1: rules.cpu.value: must be above 0 (got 0)"],
    ['{"rules": {"restarts": {"value": 5, "within": 0}}}', ":1: rules.restarts.within: must be above 0 (got 0)"],
    ['{"rules": {"memory": {"value": "0M"}}}', ':1: rules.memory.value: must be above 0 (got "0M")'],
    ['{"rules": {"memory": {\n"value": "512 M"}}}', ':2: rules.memory.value: must be a size such as 512M (got "512 M")'],
    ['{"rules": {"memory": {"value": "999999999999T"}}}', ':1: rules.memory.value: must be a size such as 512M (got "999999999999T")'],
    ['{"rules": {"cpu": {"value": 1,\n"for": "1h30"}}}', ':2: rules.cpu.for: must be a time such as 10s or 5m (got "1h30")'],
    ['{"rules": {"failed": {"for": "32d"}}}', ':1: rules.failed.for: must be at most 31d (got "32d")'],
    ['{"services": {"web": {"cpu": {"value": 1, "for": 2678401}}}}', ":1: services.web.cpu.for: must be at most 31d (got 2678401)"],
    ['{"rules": {"memory": {"value": 101}}}', ":1: rules.memory.value: must be at most 100 (got 101)"],
    ['{"rules": {"memory": {"value": "512Q"}}}', ':1: rules.memory.value: must be a size such as 512M (got "512Q")'],
    ['{"rules": {"cpu": {"value": 1, "for": "soon"}}}', ':1: rules.cpu.for: must be a time such as 10s or 5m (got "soon")'],
    ['{"rules": {"restarts": {"value": 3, "for": "10s"}}}', ":1: rules.restarts.for: there is no such field"],
    ['{"rules": {"failed": "of"}}', ':1: rules.failed: must be "on" or "off" or an object (got "of")'],
    ['{"rules": []}', ":1: rules: must be an object"],
    ["[]", ":1: must be an object"],
    ["", ":1: the text ends too early"],
    ['{"enabled": "yes"}', ':1: enabled: must be true or false (got "yes")'],
    ['{"services": {"Web": {}}}', ':1: services.Web: must be the name of a service (got "Web")'],
    ['{"services": {"web": {"hostDisk": "off"}}}', ":1: services.web.hostDisk: there is no such field"],
    ['{"services": {"__proto__": {}}}', ':1: the key "__proto__" is not allowed'],
    [
      '{"custom": [{"name": "x", "series": "nothing", "op": ">", "value": 1}]}',
      ":1: custom.0.series: must be the name of a figure, as bs9 export --format json shows it",
    ],
    [
      '{"custom": [{"name": "x", "series": "openFiles", "op": "~", "value": 1}]}',
      ':1: custom.0.op: must be ">" or ">=" or "<" or "<=" (got "~")',
    ],
    [
      '{"custom": [{"name": "x", "series": "openFiles", "op": ">", "value": 1},\n{"name": "x", "series": "openFiles", "op": ">", "value": 2}]}',
      ':2: custom.1.name: must differ from the names of the other custom rules (got "x")',
    ],
    [
      '{"channels": {"webhooks": [\n{"url": "ftp://example.com"}]}}',
      ":2: channels.webhooks.0.url: must be a URL that begins with http:// or https://",
    ],
    [
      '{"channels": {"webhooks": [{"url": "https://example.com",\n"template": "{{txet}}"}]}}',
      ":2: channels.webhooks.0.template: must not name {{txet}}; it can name {{id}}, {{host}}, {{at}}, {{title}}, {{text}}, {{count}}, {{severity}}, {{subjects}}, {{json}}",
    ],
    [
      '{"channels": {"webhooks": [{"url": "https://example.com",\n"template": "{\\"a\\": {{text}}}"}]}}',
      ":2: channels.webhooks.0.template: must be JSON once its values are filled in, because it begins as JSON; put quotes around each {{…}} except {{json}}",
    ],
    ['{"channels": {"mail": {"host": "h", "port": 0, "from": "a@b", "to": "c@d"}}}', ":1: channels.mail.port: must be at least 1"],
    ['{"channels": {"command": {"argv": []}}}', ":1: channels.command.argv: must not be empty"],
    ['{"cooldownSeconds": 1e400}', ":1: cooldownSeconds: must be at most 2678400 (got Infinity)"],
    ['{"enabled": true,\n"enabled": false}', ':2: the key "enabled" is there twice'],
    ['{"enabled": true,}', ":1: a key in double quotes is missing"],
    ["{'enabled': true}", ":1: a key in double quotes is missing"],
    ['{"enabled": true} x', ":1: there is text after the end of the value"],
    [`${"[".repeat(40)}`, ":1: there are more than 32 levels"],
  ])("%j", (text, line) => {
    const { config, mistakes } = parseAlerts(text);
    expect(config).toBeNull();
    expect(alertMistakeLine("", mistakes[0] ?? { line: null, field: null, what: "none" })).toBe(line);
  });

  test("a secret is never shown", () => {
    const mistaken = [
      { channels: { webhooks: [{ url: "SECRET/a", secret: 12345 }, "SECRET"] } },
      { channels: { command: { argv: "SECRET" }, mail: "SECRET" } },
      { channels: { mail: { host: "SECRET host", user: "", port: "SECRET", from: "SECRET", to: "SECRET", tls: "SECRET" } } },
      { channels: "SECRET", heartbeat: "SECRET" },
      { heartbeat: { url: "SECRET", everySeconds: "SECRET" } },
    ];
    for (const file of mistaken) {
      const { mistakes } = parseAlerts(JSON.stringify(file));
      expect(mistakes.length).toBeGreaterThan(0);
      expect(mistakes.map((mistake) => alertMistakeLine("f", mistake)).join("\n")).not.toMatch(/SECRET|12345/);
    }
  });
});

test("JSON is read as JSON.parse reads it", () => {
  for (const text of [' {"a": [1, -2.5e3, true, null, "x\\u00e9\\n"], "b": {}} ', "[]", '"x"', "0", JSON.stringify(whole)]) {
    const read = readJson(text);
    expect(read.isRead && read.value).toEqual(JSON.parse(text));
  }
  for (const text of ["01", "+1", ".5", '"\n"', "tru", "{,}", "[1 2]", '{"a" 1}', "\u00a0[]"]) expect(readJson(text).isRead).toBe(false);
});

test("while the file has mistakes, the previous rules stay in force, also for an agent that begins then", () => {
  const folder = tempDir();
  const paths = { config: folder, state: folder };
  writeAlerts(folder, { rules: { cpu: { value: 50 } } });
  expect(statSync(alertsFile(folder)).mode & 0o777).toBe(0o600);
  const inForce = new AlertsInForce(paths);
  expect(inForce.rulesOf("web").thresholds).toMatchObject([{ name: "cpu", value: 50, forMs: 10_000 }]);
  writeFileSync(join(folder, "alerts.json"), '{\n"rules": {"cpu": {"value": "x"}}}');
  for (const one of [inForce, new AlertsInForce(paths)]) {
    one.refresh();
    expect(one.rulesOf("web").thresholds).toMatchObject([{ name: "cpu", value: 50 }]);
    expect(one.notices()).toEqual([
      `${join(folder, "alerts.json")}:2: rules.cpu.value: must be a number (got "x"); the previous rules stay in force`,
    ]);
  }
  writeAlerts(folder, { rules: { cpu: { value: 60 } } });
  expect(inForce.refresh()).toBe(true);
  expect(inForce.rulesOf("web").thresholds).toMatchObject([{ value: 60 }]);
  expect(inForce.notices()).toEqual([]);
});

test("the nearer rule wins, and off removes one", () => {
  const folder = tempDir();
  writeAlerts(folder, {
    rules: { cpu: { value: 50 }, failed: "off" },
    services: { web: { cpu: "off", failed: "on" }, api: { cpu: { value: 70 } } },
    custom: [
      { name: "files", series: "openFiles", op: ">", value: 100, service: "web" },
      { name: "files", series: "openFiles", op: ">", value: 1 },
    ],
  });
  const inForce = new AlertsInForce({ config: folder, state: folder });
  const names = (service: string) => [...inForce.rulesOf(service).thresholds, ...inForce.rulesOf(service).events].map(({ name }) => name);
  expect(names("other")).toEqual(["cpu", "oom", "crashLoop", "health"]);
  expect(names("web")).toEqual(["failed", "oom", "crashLoop", "health"]);
  expect(inForce.rulesOf("api").thresholds).toMatchObject([{ value: 70 }]);
  expect(["web", "api"].map((service) => inForce.rulesOf(service).custom.map(({ value }) => value))).toEqual([[100], [1]]);
});

test("an option changes what it names and leaves the rest", () => {
  const cpu = editedAlerts({}, { thresholds: { cpu: 90 }, for: "30s" }, "h");
  expect(cpu).toEqual({ rules: { cpu: { value: 90, for: "30s" } } });
  expect(editedAlerts(cpu, { thresholds: { cpu: 80 } }, "h")).toEqual({ rules: { cpu: { value: 80, for: "30s" } } });
  expect(editedAlerts(cpu, { thresholds: { cpu: "off" } }, "h")).toEqual({ rules: {} });
  const ofWeb = editedAlerts(cpu, { thresholds: { cpu: "off" }, service: "web" }, "h");
  expect(ofWeb).toEqual({ ...cpu, services: { web: { cpu: "off" } } });
  const hooked = editedAlerts({}, { thresholds: {}, webhook: "https://a/b" }, "h");
  expect(hooked).toEqual({ channels: { webhooks: [{ url: "https://a/b" }] } });
  expect(editedAlerts(hooked, { thresholds: {}, webhook: "https://a/b" }, "h")).toEqual(hooked);
  expect(editedAlerts(hooked, { thresholds: {}, webhook: "off" }, "h")).toEqual({ channels: {} });
  expect(editedAlerts({}, { thresholds: {}, mail: "a@b" }, "h").channels?.mail).toEqual({
    host: "localhost",
    port: 25,
    from: "bs9@h",
    to: "a@b",
  });
  expect(editedAlerts({}, { thresholds: {}, health: "off", enabled: false, cooldownSeconds: 0 }, "h")).toEqual({
    enabled: false,
    cooldownSeconds: 0,
    rules: { health: "off" },
  });
});

test("masked output holds no secret", () => {
  const secret = { url: "https://hooks.example.com/SECRET1", secret: "SECRET2", template: "SECRET3" };
  const mail = { host: "h", port: 25, from: "a@b", to: "c@d", password: "SECRET4" };
  const shown = JSON.stringify(
    maskedAlerts({
      channels: { webhooks: [secret], mail, command: { argv: ["/bin/x", "SECRET5"] } },
      heartbeat: { url: "https://h/SECRET6" },
    }),
  );
  expect(shown).not.toContain("SECRET");
  expect(shown).toContain("hooks.example.com");
});

test("the JSON Schema knows each field, and refuses others", async () => {
  const schema = JSON.parse(JSON.stringify(await alertsJsonSchema()));
  expect(Object.keys(schema.properties)).toEqual(Object.keys(whole));
  expect(schema.additionalProperties).toBe(false);
});

test("a file that cannot be read is a mistake without a line", () => {
  const folder = tempDir();
  writeFileSync(join(folder, "alerts.json"), `"${"x".repeat(2 * 1024 * 1024)}"`);
  const { mistakes } = loadAlerts(folder);
  expect(mistakes).toMatchObject([{ line: null, what: expect.stringContaining("has more than") }]);
});
