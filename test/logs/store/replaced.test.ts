// Another program has replaced a log file or its index: bs9 does not write to, read or truncate the replacement.
import { expect, test } from "bun:test";
import { appendFileSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { LogQuery } from "../../../src/logs/query.ts";
import { openStream, openStreams } from "../../../src/logs/store/open.ts";
import { unreadStreams } from "../../../src/logs/store/place.ts";
import { readLogs } from "../../../src/logs/store/read.ts";
import { careForLogs } from "../../../src/logs/store/tick.ts";
import { archivePiece, dropOldest } from "../../../src/logs/store/trim.ts";
import { tempDir } from "../../harness.ts";

const MiB = 1024 * 1024;
const secret = "a line of another file\n".repeat(1000);

/** Log files of `web` and `other`, and an unrelated file of the user. */
function store() {
  const root = tempDir();
  const folder = join(root, "web");
  const files = openStreams(folder);
  openStreams(join(root, "other"));
  writeFileSync(join(root, "other/stdout.log"), "the other one\n");
  const victim = join(tempDir(), "victim");
  writeFileSync(victim, secret);
  return { root, folder, victim, ...files };
}

async function said(root: string, services = ["web", "other"]): Promise<string[]> {
  const query: LogQuery = { services, lines: null, sinceMs: null, untilMs: null, follow: false };
  const found: string[] = [];
  for await (const { message } of readLogs(root, query, new AbortController().signal)) found.push(message);
  return found;
}

function replace(path: string, target: string): void {
  rmSync(path, { recursive: true });
  symlinkSync(target, path);
}

test("bs9 neither writes nor reads a log file that was replaced by a link, and reports the link", async () => {
  const { root, folder, victim, stdout } = store();
  replace(stdout, victim);
  expect(() => openStreams(folder)).toThrow(`cannot open ${stdout}: it is a symbolic link, which is not followed`);
  expect(() => openStream(stdout)).toThrow("it is a symbolic link");
  expect(await said(root)).toEqual(["the other one"]);
  expect(unreadStreams(root, ["web", "other", "none"])).toEqual([
    `the log file ${stdout} is not read: it is a symbolic link, which is not followed`,
  ]);
  expect(readFileSync(victim, "utf8")).toBe(secret);
});

test("bs9 does not create the target of a dangling link in place of a log file", () => {
  const { folder, victim, stdout } = store();
  rmSync(victim);
  replace(stdout, victim);
  expect(() => openStreams(folder)).toThrow("it is a symbolic link");
  expect(existsSync(victim)).toBe(false);
});

test("bs9 does not trim the target of a link in place of a log file, but trims the log files of other services", async () => {
  const { root, folder, victim, stdout } = store();
  const large = Buffer.alloc(70 * MiB, "a line that fills the file up\n");
  writeFileSync(victim, large);
  writeFileSync(join(root, "other/stdout.log"), large);
  const before = statSync(victim).blocks;
  replace(stdout, victim);
  await careForLogs(root, { force: true, quotaBytes: 4 * MiB });
  expect(statSync(join(root, "other/stdout.log")).blocks * 512).toBeLessThan(8 * MiB);
  const place = { folder, stream: "stdout" as const };
  for (const canPunch of [true, false]) {
    await archivePiece(place, canPunch).catch(() => {});
    await dropOldest(place, 4 * MiB, canPunch).catch(() => {});
  }
  expect([statSync(victim).size, statSync(victim).blocks]).toEqual([large.length, before]);
});

test("bs9 does not write to the target of a link that has replaced the index of a log file", async () => {
  const { root, victim, stdout } = store();
  appendFileSync(stdout, "one\n");
  await careForLogs(root, { force: true });
  const index = join(root, "web/stdout.index");
  // The target of the link is a copy of a valid index, because bs9 appends to a valid index and replaces an invalid one.
  renameSync(index, victim);
  symlinkSync(victim, index);
  const before = readFileSync(victim);
  appendFileSync(stdout, "two\n");
  await careForLogs(root, { force: true });
  expect(readFileSync(victim).equals(before)).toBe(true);
  expect(await said(root, ["web"])).toEqual(["one", "two"]);
});

test("a directory of log files that was replaced by a link is not followed", async () => {
  const { root, folder } = store();
  const elsewhere = tempDir();
  writeFileSync(join(elsewhere, "stdout.log"), secret);
  replace(folder, elsewhere);
  expect(() => openStreams(folder)).toThrow(`cannot write the log files in ${folder}: it is a symbolic link`);
  expect(await said(root)).toEqual(["the other one"]);
  await careForLogs(root, { force: true });
  expect(existsSync(join(elsewhere, "stdout.index"))).toBe(false);
  expect(unreadStreams(root, ["web"])).toEqual([`the log files of web are not read: ${folder} is not a directory`]);
});

test.each([
  ["a FIFO", (path: string) => expect(Bun.spawnSync(["mkfifo", path]).exitCode).toBe(0), "it is not a regular file"],
  ["a directory", (path: string) => mkdirSync(path), "it is a directory"],
  ["a link to a device", (path: string) => symlinkSync("/dev/zero", path), "it is a symbolic link"],
])("%s in place of a log file is refused without waiting", async (_, make, why) => {
  const { root, folder, stdout } = store();
  rmSync(stdout);
  make(stdout);
  expect(() => openStreams(folder)).toThrow(why);
  await careForLogs(root, { force: true });
  expect(await said(root)).toEqual(["the other one"]);
});
