// The rules on certificates and lines, and those that look ahead, in alerts.json: which mistakes are reported with which line and field.
import { expect, test } from "bun:test";
import { alertMistakeLine, parseAlerts } from "../../src/alerting/config/file.ts";
import { rulesOfHost, rulesOfService } from "../../src/alerting/rules/rules.ts";

test.each([
  [
    '{"patterns": [{"name": "x",\n"pattern": "(a)\\\\1"}]}',
    ':2: patterns.0.pattern: must be a regular expression that RE2 understands, which has no back references and no lookaround: invalid escape sequence: `\\1` (got "(a)\\\\1")',
  ],
  [
    '{"patterns": [{"name": "x", "pattern": "x{1000}"}]}',
    ':1: patterns.0.pattern: must be simpler: its repetitions make 1002 steps, and 300 are allowed (got "x{1000}")',
  ],
  [
    '{"patterns": [{"name": "x", "pattern": "a"}, {"name": "x", "pattern": "b"}]}',
    ':1: patterns.1.name: must differ from the names of the other patterns (got "x")',
  ],
  ['{"certificates": [{"name": "x"}]}', ":1: certificates.0: must have exactly one of port, url and file"],
  ['{"certificates": [{"name": "x", "port": 1,\n"file": "/x"}]}', ":1: certificates.0: must have exactly one of port, url and file"],
  [
    '{"certificates": [{"name": "x",\n"url": "http://example.com"}]}',
    ':2: certificates.0.url: must be a URL that begins with https:// (got "http://example.com")',
  ],
  ['{"certificates": [{"name": "x", "port": 443, "days": 0}]}', ":1: certificates.0.days: must be above 0 (got 0)"],
  ['{"rules": {"memoryFull": {"value": 0}}}', ":1: rules.memoryFull.value: must be above 0 (got 0)"],
  ['{"services": {"web": {"hostDiskFull": {"value": "1h"}}}}', ":1: services.web.hostDiskFull: there is no such field"],
])("a mistake is reported with its line and its field: %j", (text, line) => {
  const { config, mistakes } = parseAlerts(text);
  expect(config).toBeNull();
  expect(alertMistakeLine("", mistakes[0] ?? { line: null, field: null, what: "none" })).toBe(line);
});

test("a pattern without a service is on every service, its own replaces it, and a certificate without one is on the host", () => {
  const { config } = parseAlerts(
    JSON.stringify({
      patterns: [
        { name: "panic", pattern: "panic" },
        { name: "panic", pattern: "PANIC", service: "web" },
      ],
      certificates: [
        { name: "own", port: 443, service: "web" },
        { name: "site", url: "https://example.com" },
      ],
    }),
  );
  if (config === null) throw new Error("it has mistakes");
  expect(rulesOfService(config, "api")).toMatchObject({ patterns: [{ pattern: "panic", quiet: 300_000 }], certificates: [] });
  expect(rulesOfService(config, "web")).toMatchObject({ patterns: [{ pattern: "PANIC" }], certificates: [{ name: "own", days: 14 }] });
  expect(rulesOfHost(config)).toMatchObject({ patterns: [], certificates: [{ name: "site", allowUntrusted: false }] });
});
