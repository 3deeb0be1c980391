// A connection that stays open: its lines, readers that fall behind, and peers that end.
import { afterAll, expect, test } from "bun:test";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { Backlog } from "../../src/base/channel/backlog.ts";
import { Feed, FeedStream, type Line, type Subscriber } from "../../src/base/channel/feed.ts";
import { followChannel } from "../../src/base/channel/follow.ts";
import { type Channel, keyIn } from "../../src/base/channel/head.ts";
import { ConnectionPlaces } from "../../src/base/channel/places.ts";
import { serve } from "../../src/base/channel/serve.ts";
import { tempDir, until } from "../harness.ts";

const folder = tempDir();
const channel: Channel = { protocol: 1, who: "server", maxQuestionBytes: 1024, maxAnswerBytes: 16 * 1024 * 1024 };
const side = { path: join(folder, "s.sock"), keyFile: join(folder, "s.key"), channel };
const calm = { firstMs: 20_000, quietMs: 60_000 };
afterAll(() => rmSync(folder, { recursive: true }));

test("a reader gets the whole state first, then each item, and after falling behind the whole state again", () => {
  let sum = 0;
  const backlog = new Backlog<string>({ whole: () => `whole ${sum}`, sizeOf: ({ length }) => length, maxSize: 8 });
  const told = (item: string) => {
    sum++;
    backlog.push(item);
  };
  told("before");
  expect([backlog.next(), backlog.next()]).toEqual(["whole 1", undefined]);
  told("one");
  told("two");
  expect([backlog.next(), backlog.next(), backlog.next()]).toEqual(["one", "two", undefined]);
  for (const item of ["1234", "1234", "1"]) told(item);
  told("lost");
  expect([backlog.next(), backlog.next()]).toEqual(["whole 7", undefined]);
  told("after");
  expect(backlog.next()).toBe("after");
});

test("connections that stay open do not keep the server from answering requests", () => {
  const places = new ConnectionPlaces<{ terminate(): void }>();
  const connections = Array.from({ length: 65 }, () => ({ terminate() {} }));
  const isPlaced = (one: { terminate(): void }) => places.take(one) && places.know(one) && places.stay(one);
  expect(connections.map(isPlaced).indexOf(false)).toBe(64);
  const asking = { terminate() {} };
  expect(places.take(asking) && places.know(asking)).toBe(true);
  places.close();
});

test("a reader that takes nothing for ten minutes is disconnected, and one that takes something is kept", () => {
  let nowMs = 0;
  let taken = 0;
  let ended = 0;
  const socket = { write: (bytes: Buffer) => Math.min(taken, bytes.length), terminate: () => ended++ };
  const counter = new Counter();
  const stream = new FeedStream(socket, Buffer.from("first\n"), counter.feed, () => nowMs);
  nowMs = 599_000;
  taken = 1;
  stream.flow();
  taken = 0;
  counter.tell();
  nowMs += 600_000;
  counter.tell();
  expect(ended).toBe(0);
  nowMs += 1;
  counter.tell();
  expect(ended).toBe(1);
  stream.end();
});

/** A feed of numbers; its whole state is the last number, padded to some size. */
class Counter {
  n = 0;
  wholes = 0;
  readonly #hearing = new Set<Subscriber<Line>>();
  readonly feed = new Feed(
    { name: "counter" },
    () => {
      this.wholes++;
      return this.#line("whole");
    },
    (listener) => {
      this.#hearing.add(listener);
      return () => this.#hearing.delete(listener);
    },
  );

  tell(padding = 0): void {
    this.n++;
    const line = this.#line("n", padding);
    for (const { tell } of this.#hearing) tell(line);
  }

  get readers(): number {
    return this.#hearing.size;
  }

  #line(kind: string, padding = 0): Line {
    return Buffer.from(`${JSON.stringify({ kind, n: this.n, padding: "x".repeat(padding) })}\n`);
  }
}

const parsed = (line: string | undefined) => JSON.parse(line ?? "null") as { kind: string; n: number } | null;

test("a reader that stops gets a snapshot in place of the items it missed, and the server keeps a limited amount for it", async () => {
  const counter = new Counter();
  const server = serve(side.path, channel, keyIn(side.keyFile), async () => counter.feed);
  const [stopping, reading] = [new AbortController(), new AbortController()];
  try {
    const slow = followChannel(side, {}, { ...calm, signal: stopping.signal });
    const fast = followChannel(side, {}, { ...calm, signal: reading.signal });
    for (const one of [slow, fast]) {
      expect(parsed((await one.next()).value ?? undefined)).toMatchObject({ protocol: 1, name: "counter" });
      expect(parsed((await one.next()).value ?? undefined)).toMatchObject({ kind: "whole", n: 0 });
    }
    // The feed sends 64 MB while this reader reads nothing.
    const total = 4096;
    const seen: number[] = [];
    const isRead = (async () => {
      for await (const line of fast) {
        const { n } = parsed(line) ?? { n: 0 };
        seen.push(n);
        if (n === total) return;
      }
    })();
    const before = process.memoryUsage.rss();
    for (let i = 0; i < total; i++) {
      counter.tell(16 * 1024);
      if (i % 64 === 63) await Bun.sleep(1);
    }
    await isRead;
    expect(seen.at(-1)).toBe(total);
    expect(seen).toEqual(seen.toSorted((a, b) => a - b));
    expect((process.memoryUsage.rss() - before) / 1e6).toBeLessThan(60);
    let last = parsed((await slow.next()).value ?? undefined);
    let hasBegunAnew = false;
    while (last !== null && last.n < total) {
      last = parsed((await slow.next()).value ?? undefined);
      hasBegunAnew ||= last?.kind === "whole";
    }
    expect([last?.n, hasBegunAnew]).toEqual([total, true]);
    counter.tell();
    expect(parsed((await slow.next()).value ?? undefined)).toMatchObject({ kind: "n", n: total + 1 });
    stopping.abort();
    expect((await slow.next()).done).toBe(true);
    reading.abort();
    await until(() => counter.readers === 0, { what: "nobody is told any more" });
  } finally {
    server.stop();
  }
});

test("a client stops reading if no server listens, its key is wrong, the server ends, or the server is silent for too long", async () => {
  const signal = new AbortController().signal;
  const lines = (quietMs: number) => Array.fromAsync(followChannel(side, {}, { signal, firstMs: 20_000, quietMs }));
  expect(await lines(60_000)).toEqual([]);
  const counter = new Counter();
  const server = serve(side.path, channel, keyIn(side.keyFile), async () => counter.feed);
  const wrong = followChannel({ ...side, keyFile: join(folder, "none") }, {}, { ...calm, signal });
  expect((await Array.fromAsync(wrong)).map(parsed)).toEqual([expect.objectContaining({ error: expect.any(String) })]);
  expect((await lines(200)).length).toBe(2);
  const ending = lines(60_000);
  await until(() => counter.wholes === 2, { what: "it is read" });
  server.stop();
  expect((await ending).length).toBe(2);
});

test("a line longer than what may stay unread is read to its end, and a line beyond the limit ends the reading", async () => {
  const path = join(folder, "long.sock");
  const mebibyte = 1024 * 1024;
  let rest = Buffer.from(
    ["short", ..."67".split("").map((n) => n.repeat(Number(n) * mebibyte)), "x".repeat(17 * mebibyte), "after", ""].join("\n"),
  );
  const write = (socket: Bun.Socket) => {
    rest = rest.subarray(Math.max(0, socket.write(rest)));
  };
  const listener = Bun.listen({ unix: path, socket: { open: write, drain: write, data() {} } });
  try {
    const lines = await Array.fromAsync(followChannel({ ...side, path }, {}, { ...calm, signal: new AbortController().signal }));
    expect(lines.map((line) => [line[0], line.length])).toEqual([
      ["s", 6],
      ["6", 6 * mebibyte + 1],
      ["7", 7 * mebibyte + 1],
    ]);
  } finally {
    listener.stop(true);
  }
}, 90_000);
