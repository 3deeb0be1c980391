// The script of the unit that delays restarts, run by a real shell that prints the delays instead of sleeping.
import { afterAll, expect, test } from "bun:test";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { delayOf } from "../../../src/backend/restarts.ts";
import { restartStep } from "../../../src/systemd/unit/delay.ts";
import { parseStarts } from "../../../src/systemd/unit/starts.ts";

const folder = mkdtempSync(join(tmpdir(), "bs9-backoff-"));
afterAll(() => rmSync(folder, { recursive: true }));

const uptime = () => Math.floor(Number(readFileSync("/proc/uptime", "utf8").split(" ")[0]));

function step(file: string, delayMs = 1000): string {
  const script = restartStep(delayMs, null).replaceAll("sleep ", "echo slept ");
  const { stdout, stderr, exitCode } = Bun.spawnSync(["/bin/sh", "-c", script, "sh", file]);
  expect(stderr.toString()).toBe("");
  expect(exitCode).toBe(0);
  return stdout.toString().trim().replace("slept ", "") || "0";
}

test("starts of a service in a row are delayed by 0 0 1 2 4 8 16 30 30 seconds", () => {
  const file = join(folder, "made/on/the/way");
  expect(Array.from({ length: 9 }, () => step(file))).toEqual(["0", "0", "1", "2", "4", "8", "16", "30", "30"]);
});

test("--restart-delay is the delay before the third start", () => {
  const file = join(folder, "delay");
  expect(Array.from({ length: 5 }, () => step(file, 250))).toEqual(["0", "0", "0.25", "0.5", "1"]);
  expect(delayOf(9, 30_000)).toBe(30_000);
  expect(Array.from({ length: 60 }, () => step(join(folder, "none"), 0))).toEqual(Array(60).fill("0"));
});

test("the count of starts in a row begins again if the last start was more than a minute ago", () => {
  const file = join(folder, "later");
  writeFileSync(file, `7 ${uptime() - 62} 9\n`);
  expect(step(file)).toBe("0");
  expect(parseStarts(readFileSync(file, "utf8"))?.count).toBe(10);
  writeFileSync(file, `7 ${uptime() - 55} 9\n`);
  expect(step(file)).toBe("30");
});

test("the largest --max-restarts is counted to its end", () => {
  const [file, givenUp] = [join(folder, "most"), join(folder, "most.given-up")];
  const next = (count: number) => {
    writeFileSync(file, `${count} ${uptime()} 9\n`);
    const { exitCode } = Bun.spawnSync(["/bin/sh", "-c", restartStep(0, 10_000), "sh", file, givenUp]);
    expect(exitCode).toBe(0);
    return existsSync(givenUp);
  };
  expect(next(10_000)).toBe(false);
  expect(next(10_001)).toBe(true);
});

test.each([
  "",
  "\n",
  "x y",
  "$(touch /tmp/never) 1",
  "-- --",
  "99999999999999999999999 1",
  "5",
  "3 4 5",
  "\0\0",
  "3;id 1",
  "08 1 09",
  "1 1 99999999999",
])("the delay unit ignores the malformed count of starts %j, or counts on from it without harm", (text) => {
  const file = join(folder, "broken");
  writeFileSync(file, text);
  expect(["0", "1", "30"]).toContain(step(file));
  expect(parseStarts(readFileSync(file, "utf8"))?.count).toBeNumber();
});

test("after --max-restarts in a row the delay unit neither waits nor counts, and creates the file that makes the next start fail", () => {
  const file = join(folder, "max");
  const flag = join(folder, "max.given-up");
  const script = restartStep(0, 2);
  const starts = Array.from({ length: 5 }, () => {
    const { exitCode } = Bun.spawnSync(["/bin/sh", "-c", script, "sh", file, flag]);
    return [exitCode, parseStarts(readFileSync(file, "utf8"))?.count, existsSync(flag)];
  });
  expect(starts).toEqual([
    [0, 1, false],
    [0, 2, false],
    [0, 3, false],
    [0, 3, true],
    [0, 3, true],
  ]);
});

test.each(["", "1 2\n", "1 2 3", "x 2 3\n", "1 2 3\n4\n"])("the malformed count of starts %j is refused", (text) =>
  expect(parseStarts(text)).toBeNull(),
);
