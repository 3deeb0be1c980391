// The log store with real files: unusual lines, times, trimming, and manual changes to the files.
import { describe, expect, test } from "bun:test";
import { appendFileSync, existsSync, readdirSync, readFileSync, rmSync, statSync, truncateSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { LogQuery, RawLine } from "../../../src/logs/query.ts";
import { openStreams } from "../../../src/logs/store/open.ts";
import { readLogs } from "../../../src/logs/store/read.ts";
import { canPunchHoles, careForLogs } from "../../../src/logs/store/tick.ts";
import { archivePiece, bytesOnDisk, dropOldest } from "../../../src/logs/store/trim.ts";
import { tempDir, until } from "../../harness.ts";

const MiB = 1024 * 1024;
const whole: LogQuery = { services: ["web"], lines: null, sinceMs: null, untilMs: null, follow: false };

function store() {
  const root = tempDir();
  const folder = join(root, "web");
  return { root, folder, ...openStreams(folder), place: { folder, stream: "stdout" as const } };
}

async function lines(root: string, query: Partial<LogQuery> = {}): Promise<RawLine[]> {
  const found: RawLine[] = [];
  for await (const record of readLogs(root, { ...whole, ...query }, new AbortController().signal)) found.push(record);
  return found;
}
const said = async (root: string, query: Partial<LogQuery> = {}) => (await lines(root, query)).map(({ message }) => message);

/** Makes the file look as if it was last written at that time. */
function writtenAt(path: string, text: string, atMs: number): void {
  appendFileSync(path, text);
  utimesSync(path, atMs / 1000, atMs / 1000);
}

/** Numbered lines of 1 KiB, up to this many MiB. */
function fill(path: string, from: number, mebibytes: number): number {
  const count = mebibytes * 1024;
  for (let i = 0; i < count; i += 1024) {
    const some = Array.from({ length: 1024 }, (_, n) => `${from + i + n}`.padEnd(1023, "x"));
    appendFileSync(path, `${some.join("\n")}\n`);
  }
  return from + count;
}
const numberOf = (message: string | undefined) => Number.parseInt(message ?? "", 10);

describe("log files", () => {
  const long = "y".repeat(100_000);
  const nasty: [string, Buffer, string[]][] = [
    ["nothing", Buffer.from(""), []],
    ["no newline at the end", Buffer.from("one\ntwo"), ["one", "two"]],
    ["100 KB in a line", Buffer.from(`a\n${long}\nb\n`), ["a", long, "b"]],
    ["NUL", Buffer.from("a\0b\n\0\n"), ["a\0b", "\0"]],
    ["bytes that are not UTF-8", Buffer.from([0x61, 0xff, 0xfe, 0x0a]), ["a\ufffd\ufffd"]],
    ["empty lines", Buffer.from("\n\nx\n"), ["", "", "x"]],
    ["a character over the border of two pieces", Buffer.from(`${"z".repeat(256 * 1024 - 1)}é\n`), [`${"z".repeat(256 * 1024 - 1)}é`]],
  ];
  for (const [what, bytes, expected] of nasty)
    test(`lines of a log file are read correctly, forwards and backwards: ${what}`, async () => {
      const { root, stdout } = store();
      writeFileSync(stdout, bytes);
      expect(await said(root)).toEqual(expected);
      expect(await said(root, { lines: 1000 })).toEqual(expected);
      expect(await said(root, { lines: 1 })).toEqual(expected.slice(-1));
    });

  test("a line of 3 MiB is read in pieces without losing a byte", async () => {
    const { root, stdout } = store();
    writeFileSync(stdout, `a\n${"y".repeat(3 * MiB)}\nb\n`);
    for (const query of [{}, { lines: 1000 }]) {
      const found = await said(root, query);
      expect(found.join("")).toBe(`a${"y".repeat(3 * MiB)}b`);
      expect(found.length).toBeGreaterThan(3);
    }
  });

  test("the stream and the priority prefix of a line are recognized", async () => {
    const { root, stdout, stderr } = store();
    writtenAt(stdout, "<4>careful\n", 1000);
    writtenAt(stderr, "<9>no\n", 2000);
    expect(await lines(root)).toMatchObject([
      { service: "web", stream: "stdout", priority: 4, message: "careful" },
      { stream: "stderr", priority: null, message: "<9>no" },
    ]);
  });

  test("a query for the last lines returns only lines that pass the filter, and nothing for zero lines or an unknown service", async () => {
    const { root, stdout } = store();
    appendFileSync(stdout, "a1\nb1\na2\nb2\n");
    expect(await said(root, { lines: 1, accept: ({ message }) => message.startsWith("a") })).toEqual(["a2"]);
    expect(await said(root, { lines: 0 })).toEqual([]);
    expect(await said(root, { services: ["other"] })).toEqual([]);
  });
});

describe("times of lines", () => {
  test("a line gets the latest time at which it may have been written, and stdout and stderr are merged by these times", async () => {
    const { root, stdout, stderr } = store();
    for (const [path, text, atMs] of [
      [stdout, "o1\n", 10_000],
      [stderr, "e1\n", 20_000],
      [stdout, "o2\no3\n", 30_000],
    ] as const) {
      writtenAt(path, text, atMs);
      await careForLogs(root, { force: true });
    }
    writtenAt(stderr, "e2\n", 40_000);
    const found = await lines(root);
    expect(found.map(({ message, atMs }) => [message, atMs])).toEqual([
      ["o1", 10_000],
      ["e1", 20_000],
      ["o2", 30_000],
      ["o3", 30_000],
      ["e2", 40_000],
    ]);
    expect(await said(root, { sinceMs: 20_000, untilMs: 30_000 })).toEqual(["e1", "o2", "o3"]);
    expect(await said(root, { sinceMs: 20_000, lines: 2 })).toEqual(["o3", "e2"]);
  });
});

describe("trimming", () => {
  test("the file system of this machine can free a part of a file in place (punch a hole)", async () =>
    expect(await canPunchHoles(tempDir())).toBe(true));

  for (const canPunch of [true, false])
    test(`archived lines of a log file stay readable, ${canPunch ? "if the file system can free a part of a file" : "if the file has to be truncated"}`, async () => {
      const { root, folder, stdout, place } = store();
      const inode = statSync(stdout).ino;
      const end = fill(stdout, 0, 70);
      expect(await archivePiece(place, canPunch)).toBe(true);
      expect(bytesOnDisk(place)).toBeLessThan(60 * MiB);
      appendFileSync(stdout, "later\n");
      await careForLogs(root, { force: true });
      const found = await said(root);
      expect(found.length).toBe(end + 1);
      expect(found.every((message, i) => i === end || numberOf(message) === i)).toBe(true);
      expect((await said(root, { lines: 70 * 1024 })).length).toBe(70 * 1024);
      expect(statSync(stdout).ino).toBe(inode);
      // A damaged archive loses its own lines only.
      const archive = readdirSync(folder).find((name) => name.endsWith(".zst"));
      writeFileSync(join(folder, archive ?? ""), "no zstd");
      expect((await said(root)).at(-1)).toBe("later");
    });

  test("trimming keeps the log files within the quota, keeps the newest lines, and removes lines of the noisiest service", async () => {
    const { root, stdout, place } = store();
    const quiet = openStreams(join(root, "quiet"));
    const end = fill(stdout, 0, 48);
    fill(quiet.stdout, 0, 2);
    await careForLogs(root, { quotaBytes: 16 * MiB, force: true });
    expect(bytesOnDisk(place)).toBeLessThan(14 * MiB);
    expect(statSync(stdout).size).toBe(48 * MiB);
    const found = await said(root);
    expect(numberOf(found.at(-1))).toBe(end - 1);
    expect(found.every((message, i) => numberOf(message) === end - found.length + i)).toBe(true);
    expect((await said(root, { services: ["quiet"] })).length).toBe(2048);
  });

  test("no line is lost when a file is trimmed while it is written", async () => {
    const { root, stdout, place } = store();
    const script = `i=0; while [ $i -lt 20000 ]; do echo "$i ${"x".repeat(400)}"; i=$((i+1)); done >> "$1"`;
    const writer = Bun.spawn(["sh", "-c", script, "sh", stdout]);
    let trimmed = 0;
    while (writer.exitCode === null) {
      if (await dropOldest(place, MiB, true)) trimmed++;
      await Bun.sleep(10);
    }
    expect(trimmed).toBeGreaterThan(0);
    const found = await said(root);
    expect(numberOf(found.at(-1))).toBe(19_999);
    expect(found.every((message, i) => numberOf(message) === 20_000 - found.length + i && message.length > 400)).toBe(true);
  });

  test("a second round of maintenance within a second does nothing", async () => {
    const { root, folder, stdout } = store();
    await careForLogs(root);
    const before = readFileSync(join(folder, "stdout.index")).length;
    appendFileSync(stdout, "x\n");
    await careForLogs(root);
    expect(readFileSync(join(folder, "stdout.index")).length).toBe(before);
  });
});

describe("manual changes", () => {
  test("the existing lines are still read after a log file was truncated or removed, or its index was lost or damaged", async () => {
    const { root, folder, stdout } = store();
    const index = join(folder, "stdout.index");
    appendFileSync(stdout, "one\n");
    await careForLogs(root, { force: true });
    truncateSync(stdout, 0);
    appendFileSync(stdout, "2\n");
    expect(await said(root)).toEqual(["2"]);
    await careForLogs(root, { force: true });
    expect(await said(root)).toEqual(["2"]);
    rmSync(stdout);
    expect(await said(root)).toEqual([]);
    await careForLogs(root, { force: true });
    appendFileSync(stdout, "three\n");
    await careForLogs(root, { force: true });
    for (const damage of [Buffer.alloc(0), Buffer.from("nonsense".repeat(9)), Buffer.alloc(77, 0xff)]) {
      writeFileSync(index, damage);
      expect(await said(root)).toEqual(["three"]);
      await careForLogs(root, { force: true });
      expect(await said(root, { lines: 5 })).toEqual(["three"]);
    }
    rmSync(index);
    expect(await said(root)).toEqual(["three"]);
    rmSync(folder, { recursive: true });
    await careForLogs(root, { force: true });
    expect(existsSync(folder)).toBe(false);
  });

  test("if the index of a trimmed log file is lost, logs does not show the freed start of the file as zero bytes", async () => {
    const { root, folder, stdout, place } = store();
    const end = fill(stdout, 0, 8);
    await dropOldest(place, 4 * MiB, true);
    rmSync(join(folder, "stdout.index"));
    const found = await said(root, { lines: 100_000 });
    expect(numberOf(found.at(-1))).toBe(end - 1);
    expect(found.some((message) => message.includes("\0"))).toBe(false);
  });
});

test("following log files yields each line once, when it is complete, also from a service that starts later", async () => {
  const { root, stdout } = store();
  appendFileSync(stdout, "old\nhal");
  const ending = new AbortController();
  const found: string[] = [];
  const query = { ...whole, services: ["web", "late"], lines: 10, follow: true };
  const following = (async () => {
    for await (const { message } of readLogs(root, query, ending.signal)) found.push(message);
  })();
  await until(() => found.length === 1, { what: "the old line" });
  appendFileSync(stdout, "f\n");
  await until(() => found.length === 2, { what: "the line that was half written" });
  appendFileSync(openStreams(join(root, "late")).stderr, "from late\n");
  await until(() => found.length === 3, { what: "the new service" });
  truncateSync(stdout, 0);
  appendFileSync(stdout, "n\n");
  await until(() => found.length === 4, { what: "the line after it was truncated" });
  ending.abort();
  await following;
  expect(found).toEqual(["old", "half", "from late", "n"]);
});
