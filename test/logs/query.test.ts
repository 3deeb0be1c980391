// Which lines pass `--grep` and `--level`.
import { expect, test } from "bun:test";
import { lineFilter, logLineOf, type RawLine } from "../../src/logs/query.ts";

const raw = (message: string, priority: number | null = null): RawLine => ({
  atMs: 1_767_225_600_123,
  service: "web",
  stream: "stdout",
  priority,
  message,
});

test("a line of logs --json has all its fields", () => {
  expect(logLineOf(raw('{"level":40,"msg":"low","disk":"/"}'))).toEqual({
    at: "2026-01-01T00:00:00.123Z",
    service: "web",
    stream: "stdout",
    level: "warn",
    message: "low",
    fields: { disk: "/" },
  });
});

test.each([
  [{}, "anything", true],
  [{ grep: "no" }, "yes and no", true],
  [{ grep: "^no" }, "yes and no", false],
  [{ grep: "No" }, "no", false],
  [{ grep: "red car" }, "\x1b[31mred\x1b[0m car", true],
  [{ grep: "req-7" }, '{"msg":"done","id":"req-7"}', true],
  [{ grep: "" }, "", true],
  [{ level: "error" }, "ERROR x", true],
  [{ level: "error" }, "FATAL x", true],
  [{ level: "error" }, "WARN x", false],
  [{ level: "warning" }, "WARN x", true],
  [{ level: "ERROR" }, "ERROR x", true],
  [{ level: "debug" }, "x", true],
  [{ level: "trace" }, "TRACE x", true],
  [{ level: "error", grep: "db" }, "ERROR web", false],
])("the filter %j applied to the line %j gives %p", (asked, message, passes) => expect(lineFilter(asked)(raw(message))).toBe(passes));

test("--level uses the priority of a line", () => expect(lineFilter({ level: "error" })(raw("boom", 3))).toBe(true));

test.each(["(", "[a", "*", "a{2,1}", "\\"])("--grep %j is a usage error", (grep) => {
  expect(() => lineFilter({ grep })).toThrow(
    expect.objectContaining({ code: "usage", message: expect.stringContaining("is not a valid regular expression") }),
  );
});

test.each([
  ["eror", "--level error"],
  ["loud", undefined],
  ["", undefined],
])("--level %j is a usage error", (level, hint) => {
  expect(() => lineFilter({ level })).toThrow(expect.objectContaining({ code: "usage", hint }));
});

test("logs stops its search if the pattern of --grep takes too long on one line", () => {
  const filter = lineFilter({ grep: "(a+)+$" });
  expect(filter(raw("aaa"))).toBe(true);
  const startedMs = performance.now();
  expect(() => filter(raw(`${"a".repeat(2000)}b`))).toThrow("takes too long");
  expect(performance.now() - startedMs).toBeLessThan(10_000);
});
