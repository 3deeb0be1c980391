// From which time on the page asks for new log lines.
import { expect, test } from "bun:test";
import type { LogLine } from "../../src/logs/query.ts";
import { LogFeed } from "../../src/web/page/logs/feed.ts";

const serverMs = Date.parse("2001-02-03T04:05:06.000Z");
const lineAt = (atMs: number, message: string): LogLine => ({
  at: new Date(atMs).toISOString(),
  service: "web",
  stream: "stdout",
  level: "info",
  message,
  fields: {},
});

/** A feed of a server whose clock and lines a test decides, and the times from which that feed asked. */
function feedOf() {
  const server = { nowMs: serverMs, lines: [] as LogLine[], complete: true };
  const sinces: number[] = [];
  const feed = new LogFeed({ services: "", level: "", q: "", since: "" }, async ({ since }) => {
    const sinceMs = since === "" ? 0 : Date.parse(String(since));
    sinces.push(sinceMs);
    const lines = server.lines.filter(({ at }) => Date.parse(at) >= sinceMs);
    return { answer: { lines, older: null, complete: server.complete }, askedMs: server.nowMs };
  });
  const texts = async () => (await feed.news()).lines.map(({ message }) => message);
  return { server, sinces, feed, texts };
}

test("lines come although the clock of the browser is years ahead of that of the server", async () => {
  const { server, feed, texts } = feedOf();
  await feed.last();
  server.lines.push(lineAt(serverMs + 100, "first"));
  expect(await texts()).toEqual(["first"]);
  server.lines.push(lineAt(serverMs + 200, "second"));
  expect(await texts()).toEqual(["second"]);
});

test("searches that find nothing do not search further and further back", async () => {
  const { server, sinces, feed, texts } = feedOf();
  await feed.last();
  for (let i = 0; i < 5; i++) {
    server.nowMs += 60_000;
    expect(await texts()).toEqual([]);
  }
  expect(server.nowMs - (sinces.at(-1) ?? 0)).toBeLessThan(70_000);
  // A line that the journal writes late is still found, once.
  server.lines.push(lineAt(server.nowMs - 1500, "late"));
  expect(await texts()).toEqual(["late"]);
  expect(await texts()).toEqual([]);
});

test("after a search that ended early, the next one begins at the same time", async () => {
  const { server, sinces, feed, texts } = feedOf();
  await feed.last();
  server.complete = false;
  server.nowMs += 60_000;
  await texts();
  await texts();
  expect(sinces.at(-1)).toBe(sinces.at(-2) ?? 0);
});
