// A channel under load: which connection keeps its place, and what counts as an answer.
import { afterAll, afterEach, expect, test } from "bun:test";
import { rmSync, writeFileSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { join } from "node:path";
import { type AskOptions, ask } from "../../src/base/channel/ask.ts";
import { busyLine, type Channel, keyIn } from "../../src/base/channel/head.ts";
import { ConnectionPlaces } from "../../src/base/channel/places.ts";
import { serve } from "../../src/base/channel/serve.ts";
import { tempDir, until } from "../harness.ts";

const folder = tempDir();
const channel: Channel = { protocol: 1, who: "server", maxQuestionBytes: 1024, maxAnswerBytes: 1024 };
const side = { path: join(folder, "s.sock"), keyFile: join(folder, "s.key"), channel };
const lock = join(folder, "s.lock");
const patient: AskOptions = { timeoutMs: 8000, late: () => new Error("late"), lock };
const opened: Socket[] = [];
const open = (): Socket => {
  const socket = connect(side.path).on("error", () => {});
  opened.push(socket);
  return socket;
};
afterEach(() => {
  for (const socket of opened.splice(0)) socket.destroy();
});
afterAll(() => rmSync(folder, { recursive: true }));

test("a connection that has not sent the key is closed after a second, and earlier if another connection needs its place", () => {
  const ended: number[] = [];
  const connection = (name: number) => ({ terminate: () => void ended.push(name) });
  const places = new ConnectionPlaces<ReturnType<typeof connection>>();
  for (let i = 0; i < 256; i++) expect(places.take(connection(i))).toBe(true);
  places.tick();
  expect(places.take(connection(256))).toBe(false);
  places.tick();
  expect(places.take(connection(257))).toBe(true);
  expect(ended).toEqual([0]);
  for (let i = 2; i < 9; i++) places.tick();
  expect(ended).toEqual([0]);
  places.tick();
  expect(ended).toEqual(Array.from({ length: 256 }, (_, i) => i));
  places.close();
});

test("connections that have sent the key do not compete for places with those that have not", () => {
  const places = new ConnectionPlaces<{ terminate(): void }>();
  const connections = Array.from({ length: 65 }, () => ({ terminate() {} }));
  for (const one of connections) expect(places.take(one)).toBe(true);
  expect(connections.map((one) => places.know(one)).indexOf(false)).toBe(64);
  places.leave(connections[0] ?? { terminate() {} });
  expect(places.know(connections[64] ?? { terminate() {} })).toBe(true);
  places.close();
});

test("a connection beyond the limit gets the answer that the server is busy", async () => {
  const server = serve(side.path, channel, keyIn(side.keyFile), async () => ({}));
  try {
    let busy = 0;
    await until(
      () => {
        // All connections are open before the server accepts the first one.
        for (let i = 0; i < 400; i++) open().on("data", (chunk) => (String(chunk) === busyLine ? busy++ : null));
        return busy > 0;
      },
      { what: "all places are taken" },
    );
  } finally {
    server.stop();
  }
});

test("a request is repeated while other processes occupy all places, until it is answered", async () => {
  const server = serve(side.path, channel, keyIn(side.keyFile), async () => ({ told: 7 }));
  const flood = `const { connect } = require("node:net");
const held = [];
setInterval(() => {
  for (let i = 0; i < 100; i++) held.push(connect(${JSON.stringify(side.path)}).on("error", () => {}));
  for (const old of held.splice(0, Math.max(0, held.length - 2000))) old.destroy();
  if (held.length === 2000) process.stdout.write("full\\n");
}, 5);`;
  const flooding = Bun.spawn([process.execPath, "-e", flood], { stdio: ["ignore", "pipe", "ignore"] });
  try {
    await flooding.stdout.getReader().read();
    for (let i = 0; i < 3; i++) expect(JSON.parse((await ask(side, {}, { ...patient, lock: null })) ?? "null")).toMatchObject({ told: 7 });
  } finally {
    flooding.kill("SIGKILL");
    await flooding.exited;
    server.stop();
  }
}, 240_000);

test("a refused connection counts as an absent server only where the lock of the server is free", async () => {
  const source = join(import.meta.dir, "../../src/base");
  const script = `
import { keyIn } from "${source}/channel/head.ts";
import { serve } from "${source}/channel/serve.ts";
import { takeLock } from "${source}/lock.ts";
await takeLock(${JSON.stringify(lock)});
serve(${JSON.stringify(side.path)}, ${JSON.stringify(channel)}, keyIn(${JSON.stringify(side.keyFile)}), async () => ({ told: 7 }));
console.log("up");
process.kill(process.pid, "SIGSTOP");
`;
  const server = Bun.spawn([process.execPath, "-e", script], { stdio: ["ignore", "pipe", "inherit"] });
  try {
    await server.stdout.getReader().read();
    let refused = 0;
    await until(
      () => {
        for (let i = 0; i < 100; i++) open().on("error", () => void refused++);
        return refused > 0;
      },
      { what: "the backlog is full" },
    );
    let isAnswered = false;
    const answer = ask(side, {}, patient).finally(() => {
      isAnswered = true;
    });
    await Bun.sleep(300);
    expect(isAnswered).toBe(false);
    for (const socket of opened.splice(0)) socket.destroy();
    server.kill("SIGCONT");
    expect(JSON.parse((await answer) ?? "null")).toMatchObject({ told: 7 });
  } finally {
    server.kill("SIGKILL");
    await server.exited;
  }
  expect(await ask(side, {}, patient)).toBeNull();
}, 120_000);

test("a question without the key that reaches a starting server is sent again with the key", async () => {
  const key = "a".repeat(64);
  const starting = { ...side, path: join(folder, "starting.sock"), keyFile: join(folder, "starting.key") };
  const heads: string[] = [];
  const server = Bun.listen({
    unix: starting.path,
    socket: {
      data(socket, chunk) {
        heads.push(String(chunk).split("\n")[0] ?? "");
        writeFileSync(starting.keyFile, key);
        socket.end(`{"is":"answer ${heads.length}"}\n`);
      },
    },
  });
  try {
    expect(await ask(starting, {}, patient)).toBe('{"is":"answer 2"}\n');
    expect(heads).toEqual(["1 ", `1 ${key}`]);
  } finally {
    server.stop(true);
  }
});
