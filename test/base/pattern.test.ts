// Patterns of a user on lines that anybody wrote: always linear, always bounded.
import { expect, test } from "bun:test";
import { linearPattern } from "../../src/base/pattern.ts";

test("a pattern that would take a backtracking engine longer than a life takes milliseconds on a line of 1 MB", () => {
  const matches = linearPattern("(a+)+$");
  matches("warm");
  const beganMs = performance.now();
  expect(matches(`${"a".repeat(1024 * 1024)}b`)).toBeTrue();
  expect(matches(`${"a".repeat(4095)}b`)).toBeFalse();
  expect(performance.now() - beganMs).toBeLessThan(500);
  expect(matches("bbbaaa")).toBeTrue();
});

test("only the first 4096 characters of a line are searched, and colours are not", () => {
  const matches = linearPattern("\\bpanic: \\d+");
  expect(matches(`${"x ".repeat(2040)}panic: 7`)).toBeTrue();
  expect(matches(`${"x ".repeat(2050)}panic: 7`)).toBeFalse();
  expect(matches("\u001b[31mpanic\u001b[0m: 42")).toBeTrue();
});

test.each([
  ["(a)\\1", "invalid escape sequence: `\\1`"],
  ["a(?=b)", "invalid or unsupported Perl syntax: `(?=`"],
  ["(", "missing closing ): `(`"],
  ["a{2000}", "invalid repeat count: `{2000}`"],
])("a pattern that RE2 refuses is refused with its reason: %s", (pattern, why) => {
  expect(() => linearPattern(pattern)).toThrow(
    `must be a regular expression that RE2 understands, which has no back references and no lookaround: ${why}`,
  );
});

test("a pattern that is long or repeats much is refused, so that one line never takes long", () => {
  expect(() => linearPattern("x".repeat(501))).toThrow("must have at most 500 characters");
  expect(() => linearPattern("(a?){900}b")).toThrow(/must be simpler: its repetitions make \d+ steps, and 300 are allowed/);
  const slowest = linearPattern("[\\p{L}]{1,140}$");
  const beganMs = performance.now();
  expect(slowest("ä".repeat(4096))).toBeTrue();
  expect(performance.now() - beganMs).toBeLessThan(3000);
});
