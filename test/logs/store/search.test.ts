// A search for the last lines of large log files: it cuts long lines, lets other work run, and ends with its signal.
import { expect, test } from "bun:test";
import { appendFileSync } from "node:fs";
import { join } from "node:path";
import type { LogQuery, RawLine } from "../../../src/logs/query.ts";
import { openStreams } from "../../../src/logs/store/open.ts";
import { readLogs } from "../../../src/logs/store/read.ts";
import { tempDir } from "../../harness.ts";

const plain = { sinceMs: null, untilMs: null, follow: false };

async function found(root: string, query: LogQuery, signal = new AbortController().signal): Promise<RawLine[]> {
  return Array.fromAsync(readLogs(root, query, signal));
}

test("messages are cut while they are read, and stay whole where no limit is given", async () => {
  const root = tempDir();
  const { stdout } = openStreams(join(root, "web"));
  for (const letter of ["a", "b", "c"]) appendFileSync(stdout, `${letter.repeat(500_000)}\n`);
  const query = { ...plain, services: ["web"], lines: 2 };
  const lengths = async (more: Partial<LogQuery>) => (await found(root, { ...query, ...more })).map(({ message }) => message.length);
  expect(await lengths({ maxMessageLength: 1000 })).toEqual([1000, 1000]);
  expect(await lengths({})).toEqual([500_000, 500_000]);
});

test("a search lets timers run, and after its signal it returns what it has found", async () => {
  const root = tempDir();
  const { stdout } = openStreams(join(root, "web"));
  const many = "a line that the search does not want\n".repeat(100_000);
  for (let count = 0; count < 10; count++) appendFileSync(stdout, many);
  appendFileSync(stdout, "wanted\n");
  const ends = new AbortController();
  let asked = 0;
  const accept = ({ message }: RawLine) => {
    // The timer can abort the search only if the search gives way.
    if (asked++ === 0) setTimeout(() => ends.abort(), 1);
    return message === "wanted";
  };
  const lines = await found(root, { ...plain, services: ["web"], lines: 10, accept }, ends.signal);
  expect(lines.map(({ message }) => message)).toEqual(["wanted"]);
  expect(asked).toBeLessThan(1_000_000);
});
