// Parses quantities as people write them: each row is one value, and malformed values are refused.
import { describe, expect, test } from "bun:test";
import { formatAge, formatBytes, formatSpan, parseBytes, parseDuration, parsePercent, parseWhole } from "../../src/base/quantities.ts";

describe("parseBytes", () => {
  test.each([
    ["512M", 536_870_912],
    ["1.5G", 1_610_612_736],
    ["1048576", 1_048_576],
    ["64k", 65_536],
    ["2GiB", 2_147_483_648],
    ["10MB", 10_485_760],
  ])("%s", (text, bytes) => expect(parseBytes(text, "--memory")).toBe(bytes));
  test.each(["", "M", "-1M", "1e3", "1 0M", "0x10", "9999999999T", "٣M", "1M\n2M"])("refuses %j", (text) =>
    expect(() => parseBytes(text, "--memory")).toThrow("--memory must be"),
  );
});

describe("parseDuration", () => {
  test.each([
    ["10m", 600_000],
    ["1s", 1000],
    ["250ms", 250],
    ["1h30m", 5_400_000],
    ["30", 30_000],
    ["0", 0],
    ["1.5s", 1500],
    ["2d", 172_800_000],
  ])("%s", (text, ms) => expect(parseDuration(text, "--wait")).toBe(ms));
  test.each(["", "m", "-1s", "1y", "s1", "1s 2x", "NaN", "Infinity"])("refuses %j", (text) =>
    expect(() => parseDuration(text, "--wait")).toThrow("--wait must be"),
  );
});

test("parsePercent accepts a number with and without the percent sign", () => {
  expect(parsePercent("50%", "--cpu")).toBe(50);
  expect(parsePercent("150", "--cpu")).toBe(150);
  expect(() => parsePercent("half", "--cpu")).toThrow("--cpu must be");
});

test("parseWhole refuses numbers outside its bounds", () => {
  expect(parseWhole("65535", "--port", 1, 65535)).toBe(65535);
  for (const bad of ["0", "65536", "1e3", "3.5", "-1", "", " ", "99999999999999999999"])
    expect(() => parseWhole(bad, "--port", 1, 65535)).toThrow("--port must be");
});

test("byte counts are formatted in at most five characters", () => {
  expect([0, 1023, 1024, 1536, 43 * 1024 ** 2, 1.5 * 1024 ** 3].map(formatBytes)).toEqual(["0B", "1023B", "1K", "1.5K", "43M", "1.5G"]);
  expect([0, 59_000, 60_000, 3_600_000, 11_520_000, 86_400_000 * 3 + 3_600_000 * 4, 86_400_000 * 12].map(formatAge)).toEqual([
    "0s",
    "59s",
    "1m",
    "1h",
    "3h12m",
    "3d4h",
    "12d",
  ]);
  expect([12, 1234].map(formatSpan)).toEqual(["12 ms", "1.2 s"]);
});
