// The level of a line, and how the fields of a JSON line are used.
import { expect, test } from "bun:test";
import { levelNamed, levelOf } from "../../src/logs/level.ts";

test.each([
  ["plain text", "info"],
  ["", "info"],
  ["ERROR no connection", "error"],
  ["ERROR", "error"],
  ["[ERROR] no connection", "error"],
  ["[error] no connection", "error"],
  ["[ warn ] low on space", "warn"],
  ["error: no connection", "error"],
  ["Error: no connection", "error"],
  ["warning: old option", "warn"],
  ["<warning> old option", "warn"],
  ["TypeError: x is not a function", "error"],
  ["Uncaught ReferenceError: y is not defined", "error"],
  ["TypeError [ERR_INVALID_ARG_TYPE]: no", "error"],
  ["2026-01-01T00:00:00.123Z WARN low on space", "warn"],
  ["2026-01-01 00:00:00,123 ERROR no connection", "error"],
  ["2026-01-01T00:00:00+01:00 [ERROR] no connection", "error"],
  ["[2026-01-01 00:00:00] production.ERROR: no", "info"],
  ["[12:00:01] [123] DEBUG cache miss", "debug"],
  ["12:00:01 WARN low", "warn"],
  ["FATAL out of memory", "fatal"],
  ["CRITICAL disk", "fatal"],
  ["TRACE in", "trace"],
  ["\x1b[31mERROR\x1b[39m no connection", "error"],
  ["\x1b[90m12:00:01\x1b[0m \x1b[33mWARN\x1b[0m low", "warn"],
  // These words are not levels:
  ["Error handling is on", "info"],
  ["errors: 0", "info"],
  ["ERRORS were few", "info"],
  ["ERROR_COUNT=0", "info"],
  ["WARN=1", "info"],
  ["no ERROR here", "info"],
  ["[web] started", "info"],
  ["information is power", "info"],
  ["constructor: x", "info"],
  ["__proto__: x", "info"],
])("the log line %j has the level %s", (message, level) => {
  expect(levelOf(null, message)).toEqual({ level: level as never, message, fields: {} });
});

test.each([
  [0, "fatal"],
  [2, "fatal"],
  [3, "error"],
  [4, "warn"],
  [5, "info"],
  [6, "info"],
  [7, "debug"],
])("a syslog priority of %d gives a line the level %s, whatever its text says", (priority, level) => {
  expect(levelOf(priority, "WARN x").level).toBe(level as never);
  expect(levelOf(priority, '{"level":"trace","msg":"x"}').level).toBe(level as never);
});

test.each([
  ['{"level":"error","msg":"no"}', "error", "no", {}],
  ['{"level":50,"time":1,"pid":7,"msg":"no"}', "error", "no", { time: 1, pid: 7 }],
  ['{"level":"WARNING","message":"low"}', "warn", "low", {}],
  ['{"level":10,"msg":"in"}', "trace", "in", {}],
  ['{"level":60,"msg":"out"}', "fatal", "out", {}],
  ['{"level":35,"msg":"own"}', "info", "own", {}],
  ['{"level":1e9,"msg":"own"}', "fatal", "own", {}],
  ['{"level":-5,"msg":"own"}', "trace", "own", {}],
  ['{"level":"loud","msg":"a"}', "info", "a", { level: "loud" }],
  ['{"level":{"a":1},"msg":"a"}', "info", "a", { level: { a: 1 } }],
  ['{"msg":"a","message":"b"}', "info", "a", { message: "b" }],
  ['{"msg":7,"message":"b"}', "info", "b", { msg: 7 }],
  ['{"a":1}', "info", '{"a":1}', { a: 1 }],
  ['{"msg":"a"} ', "info", "a", {}],
  ["{}", "info", "{}", {}],
  ['{"__proto__":{"level":"error"},"constructor":1,"msg":"a"}', "info", "a", {}],
  ['{"level":"error"', "info", '{"level":"error"', {}],
  ["{not json}", "info", "{not json}", {}],
  ['[{"level":"error"}]', "info", '[{"level":"error"}]', {}],
])("the JSON line %s is split into level, message and fields", (text, level, message, fields) => {
  expect(levelOf(null, text)).toEqual({ level: level as never, message, fields });
});

test("a hostile JSON line is parsed quickly and without an error", () => {
  const deep = `{"a":${"[".repeat(30_000)}${"]".repeat(30_000)}}`;
  const broken = `{"a":${"[".repeat(60_000)}}`;
  const huge = `{"level":"error","a":"${"x".repeat(1_000_000)}"}`;
  const wide = `{${Array.from({ length: 5000 }, (_, i) => `"k${i}":${i}`).join()}}`;
  const startedMs = performance.now();
  for (const line of [deep, broken, huge, wide]) expect(["info", "error"]).toContain(levelOf(null, line).level);
  expect(levelOf(null, huge)).toEqual({ level: "info", message: huge, fields: {} });
  expect(({} as Record<string, unknown>)["level"]).toBeUndefined();
  expect(performance.now() - startedMs).toBeLessThan(2000);
});

test("finding the level of a long line of timestamp characters takes linear time", () => {
  const startedMs = performance.now();
  for (const unit of ["[", "2026-01-01 ", "12:00:00 ", "[1]", "1 ", " ", "\x1b[31m", "A", "Error"]) levelOf(null, unit.repeat(200_000));
  expect(performance.now() - startedMs).toBeLessThan(1000);
});

test.each([
  ["warn", "warn"],
  ["ERR", "error"],
  [40, "warn"],
  [Number.NaN, undefined],
  ["toString", undefined],
  [null, undefined],
])("the level %p in a JSON line means %p", (value, level) => expect(levelNamed(value)).toBe(level as never));
