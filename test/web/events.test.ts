// The WebSocket of events over real sockets: what a client gets, how it resumes, and who is refused.
import { afterAll, expect, test } from "bun:test";
import { join } from "node:path";
import type { ModelEvent } from "../../src/status/events.ts";
import { Hub, type StreamListener } from "../../src/web/hub.ts";
import { Quota } from "../../src/web/quota.ts";
import type { Web } from "../../src/web/server.ts";
import { sockets } from "../../src/web/socket.ts";
import { renewToken } from "../../src/web/token.ts";
import { until } from "../harness.ts";
import { exchange } from "./raw.ts";
import { bearer, fullToken, readToken, tokenFolder, webOf } from "./scene.ts";
import { Stage, snapshotEvent } from "./stage.ts";

const started: Web[] = [];
afterAll(async () => {
  for (const web of started) await web.stop();
});

type Message = { stream?: string; resumed?: boolean; seq?: number; event?: ModelEvent };

/** `who`: a token, or the headers of a session. */
async function connect(port: number, query = "", who: string | Record<string, string> = fullToken) {
  const messages: Message[] = [];
  let closed: number | null = null;
  const socket = new WebSocket(`ws://127.0.0.1:${port}/api/events${query}`, {
    headers: typeof who === "string" ? { Authorization: `Bearer ${who}` } : who,
  });
  socket.onmessage = (event) => messages.push(JSON.parse(String(event.data)));
  socket.onclose = ({ code }) => {
    closed = code;
  };
  await until(() => messages.length > 0 || closed !== null, { what: "the first message" });
  return { messages, socket, isClosed: () => closed, close: () => socket.close() };
}

function serve(stage: Stage, folder = tokenFolder()): number {
  const web = webOf({ follow: stage.follow }, {}, folder);
  started.push(web);
  return web.port;
}

test("a client gets a snapshot and then each event; clients share one stream of the Model", async () => {
  const stage = new Stage();
  const port = serve(stage);
  const [one, two] = [await connect(port), await connect(port)];
  await until(() => [one, two].every(({ messages }) => messages[1]?.event?.kind === "snapshot"), { what: "the snapshots" });
  stage.gone(7);
  await until(() => [one, two].every(({ messages }) => messages.at(-1)?.event?.kind === "gone"), { what: "the event" });
  expect(one.messages[0]).toEqual({ stream: expect.stringMatching(/^[0-9a-f]{16}$/), resumed: false });
  expect(stage.followers).toBe(1);
  one.close();
  two.close();
});

test("a client that comes back gets exactly the events that it missed, and one from another stream a snapshot", async () => {
  const stage = new Stage();
  const port = serve(stage);
  const first = await connect(port);
  await until(() => first.messages.length === 2, { what: "the snapshot" });
  const { stream } = first.messages[0] ?? {};
  const seq = first.messages[1]?.seq ?? 0;
  first.close();
  await until(() => first.isClosed() !== null, { what: "the end" });
  for (const atMs of [11, 12, 13]) stage.gone(atMs);
  await until(() => stage.followers === 1, { what: "the stream goes on" });
  const again = await connect(port, `?stream=${stream}&after=${seq}`);
  await until(() => again.messages.length === 4, { what: "the missed events" });
  expect(again.messages[0]?.resumed).toBe(true);
  expect(again.messages.slice(1).map((one) => one.seq)).toEqual([seq + 1, seq + 2, seq + 3]);
  stage.gone(14);
  await until(() => again.messages.length === 5, { what: "the next event" });
  expect(again.messages[4]).toEqual({ seq: seq + 4, event: { kind: "gone", atMs: 14, name: "other" } });
  const other = await connect(port, `?stream=0011223344556677&after=${seq}`);
  await until(() => other.messages.length === 2, { what: "a snapshot" });
  expect([other.messages[0]?.resumed, other.messages[1]?.event?.kind]).toEqual([false, "snapshot"]);
  again.close();
  other.close();
});

test("a client that does not read gets one snapshot in place of what it missed", () => {
  const stage = new Stage();
  const hub = new Hub({ follow: stage.follow });
  const sent: string[] = [];
  let unsent = 0;
  const listener: StreamListener = { send: (text) => void sent.push(text), unsent: () => unsent, isAllowed: () => true, close: () => {} };
  hub.join(listener, null);
  return (async () => {
    await until(() => sent.length === 2, { what: "the snapshot" });
    unsent = Number.POSITIVE_INFINITY;
    const name = "x".repeat(500_000);
    for (let atMs = 0; atMs < 20; atMs++) stage.tell({ kind: "gone", atMs, name });
    stage.tell(snapshotEvent());
    await until(
      async () => {
        stage.gone(1);
        await Bun.sleep(1);
        unsent = 0;
        hub.flow(listener);
        return sent.length > 2;
      },
      { what: "the snapshot after the pause" },
    );
    expect(sent[2]).toContain('"kind":"snapshot"');
    expect(sent.some((text) => text.includes(name))).toBe(false);
    hub.stop();
  })();
});

test("a client is disconnected when its token is replaced, and when it sends a message", async () => {
  const stage = new Stage();
  const folder = tokenFolder();
  const port = serve(stage, folder);
  const talker = await connect(port);
  talker.socket.send("hello");
  await until(() => talker.isClosed() === 1008, { what: "the talker is disconnected" });
  const client = await connect(port);
  renewToken("full", join(folder, "web.token"), folder);
  stage.gone(1);
  await until(() => client.isClosed() === 4401, { what: "the client is disconnected" });
});

const upgrade = (port: number, ...headers: string[]) =>
  exchange(
    port,
    `GET /api/events HTTP/1.1\r\n${["Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", ...headers].join("\r\n")}\r\n\r\n`,
    500,
  );

test.each([
  ["without a token", ["Host: localhost"], 401],
  ["from another site", ["Host: localhost", bearer, "Origin: http://evil.example"], 403],
  ["under another name", ["Host: evil.example", bearer], 403],
  ["from this site", ["Host: localhost", bearer, "Origin: http://localhost"], 101],
])("a WebSocket %s", async (_, headers, status) => {
  expect((await upgrade(serve(new Stage()), ...headers)).slice(9, 12)).toBe(String(status));
});

test("one token cannot take the WebSockets of all others, and a closed one frees its place", async () => {
  const port = serve(new Stage());
  const clients = await Promise.all(Array.from({ length: 24 }, () => connect(port, "", readToken)));
  const viewer = `Authorization: Bearer ${readToken}`;
  expect((await upgrade(port, "Host: localhost", viewer)).slice(9, 12)).toBe("429");
  expect((await upgrade(port, "Host: localhost", bearer)).slice(9, 12)).toBe("101");
  for (const client of clients) client.close();
  await until(async () => (await upgrade(port, "Host: localhost", viewer)).slice(9, 12) === "101", { what: "a free place" });
});

test("places are shared: at most 64 in total, 48 for viewers, and 24 for one session", () => {
  const quota = new Quota(sockets);
  const take = (level: "full" | "read", holder: string) => quota.take({ level, holder });
  const taken = Array.from({ length: 30 }, () => take("read", "one")).filter((free) => free !== null);
  expect(taken).toHaveLength(24);
  for (let count = 0; count < 100; count++) taken.push(...[take("read", `viewer ${count}`)].filter((free) => free !== null));
  expect(taken).toHaveLength(48);
  for (let count = 0; count < 100; count++) taken.push(...[take("full", `owner ${count}`)].filter((free) => free !== null));
  expect(taken).toHaveLength(64);
  // A place that is freed twice counts once.
  for (const free of [taken[0], taken[0]]) free?.();
  expect([take("read", "another") !== null, take("read", "another") !== null]).toEqual([true, false]);
});

test("a WebSocket is closed when its session or its token ends, also while no event comes", async () => {
  const folder = tokenFolder();
  const port = serve(new Stage(), folder);
  const opened = await fetch(`http://127.0.0.1:${port}/login`, {
    method: "POST",
    body: JSON.stringify({ token: fullToken }),
    headers: { "Content-Type": "application/json" },
  });
  const session = { Cookie: opened.headers.get("set-cookie")?.split(";")[0] ?? "", Origin: `http://127.0.0.1:${port}` };
  const [byToken, bySession] = [await connect(port), await connect(port, "", session)];
  await fetch(`http://127.0.0.1:${port}/logout`, { method: "POST", headers: session });
  await until(() => bySession.isClosed() === 4401, { what: "the client without a session is disconnected" });
  expect(byToken.isClosed()).toBeNull();
  renewToken("full", join(folder, "web.token"), folder);
  await until(() => byToken.isClosed() === 4401, { what: "the client with the replaced token is disconnected" });
});
