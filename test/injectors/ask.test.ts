// The questions to a preload, over real sockets. The app writes the directory, so everything else may be there too.
import { afterEach, beforeEach, expect, test } from "bun:test";
import { linkSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer, type Server, type Socket } from "node:net";
import { join } from "node:path";
import { askPreload, pidsWithSocket } from "../../src/injectors/ask.ts";
import { tempDir, until } from "../harness.ts";

const pid = 4242;
let folder: string;
const servers: Server[] = [];
beforeEach(() => {
  folder = tempDir();
});
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
  rmSync(folder, { recursive: true, force: true });
});

async function listen(answer: (socket: Socket, asked: string) => void, name = `${pid}.sock`): Promise<void> {
  const server = createServer((socket) => {
    socket.on("error", () => {});
    socket.once("data", (bytes) => answer(socket, bytes.toString()));
  });
  servers.push(server);
  await new Promise<void>((ready) => server.listen(join(folder, name), ready));
}

const ask = (timeoutMs = 2000) => askPreload(folder, pid, "/metrics", timeoutMs);

test("an answer arrives with its status and its body, whether a length or the end of the connection ends it", async () => {
  let asked = "";
  await listen((socket, text) => {
    asked = text;
    socket.write("HTTP/1.1 503 Busy\r\nContent-Length: 4\r\n\r\nno");
    setTimeout(() => socket.write("pe and more"), 20);
  });
  expect(await ask()).toEqual({ status: 503, body: "nope" });
  expect(asked).toStartWith("GET /metrics HTTP/1.0\r\n");
  servers.splice(0)[0]?.close();
  rmSync(join(folder, `${pid}.sock`), { force: true });
  await listen((socket) => socket.end("HTTP/1.1 200 OK\r\n\r\nx 1\n"));
  expect(await ask()).toEqual({ status: 200, body: "x 1\n" });
});

test("a server of Bun and one of Node answer", async () => {
  const server = Bun.serve({ unix: join(folder, `${pid}.sock`), fetch: () => new Response("from Bun") });
  expect(await ask()).toEqual({ status: 200, body: "from Bun" });
  await server.stop(true);
});

const silent: [what: string, answer: (socket: Socket) => void][] = [
  ["nothing", () => {}],
  ["half of a head", (socket) => socket.write("HTTP/1.1 200 OK\r\nConte")],
  ["a body that never ends", (socket) => socket.write("HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\nx")],
];

test.each(silent)("a process that answers with %s is silent, and the question ends in time", async (_, answer) => {
  await listen(answer);
  const beganMs = performance.now();
  expect(await ask(150)).toBe("silent");
  expect(performance.now() - beganMs).toBeLessThan(1500);
});

const senseless: [what: string, answer: (socket: Socket) => void][] = [
  ["no HTTP", (socket) => socket.end("hello\r\n\r\n")],
  ["another protocol", (socket) => socket.end("HTTP/9 200\r\n\r\n")],
  ["the end", (socket) => socket.end()],
  ["a reset", (socket) => socket.resetAndDestroy()],
  ["less than it announces", (socket) => socket.end("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nx")],
  ["300 KB", (socket) => socket.end(`HTTP/1.1 200 OK\r\n\r\n${"x".repeat(300_000)}`)],
  ["an endless head", (socket) => endless(socket, "x: y\r\n".repeat(1000))],
  ["an endless body", (socket) => endless(socket, "x".repeat(10_000))],
];

function endless(socket: Socket, piece: string): void {
  socket.write("HTTP/1.1 200 OK\r\n");
  const more = () => {
    while (!socket.destroyed && socket.write(piece));
  };
  socket.on("drain", more);
  socket.write(piece.startsWith("x:") ? "" : "\r\n");
  more();
}

test.each(senseless)("a process that answers with %s counts as one without a preload", async (_, answer) => {
  await listen(answer);
  expect(await ask()).toBe("absent");
});

test("no link is followed, and nothing but a socket is opened", async () => {
  await listen((socket) => socket.end("HTTP/1.1 200 OK\r\n\r\nother"), "other.sock");
  const place = join(folder, `${pid}.sock`);
  const makers: (() => void)[] = [
    () => symlinkSync(join(folder, "other.sock"), place),
    () => symlinkSync(place, place),
    () => mkdirSync(place),
    () => writeFileSync(place, "HTTP/1.1 200 OK\r\n\r\nx"),
    () => expect(Bun.spawnSync(["mkfifo", place]).exitCode).toBe(0),
    () => {},
  ];
  for (const make of makers) {
    rmSync(place, { recursive: true, force: true });
    make();
    expect(await ask()).toBe("absent");
  }
});

test("only living processes of the service are looked up, and at most 16 of them", async () => {
  const socket = join(folder, "one.socket");
  const server = createServer().listen(socket);
  servers.push(server);
  await until(() => server.listening, { what: "the server listens" });
  for (let i = 0; i < 2000; i++) linkSync(socket, join(folder, `${i}.sock`));
  expect(pidsWithSocket(folder, [5000, 3, 1999])).toEqual([3, 1999]);
  expect(
    pidsWithSocket(
      folder,
      Array.from({ length: 1000 }, (_, i) => i),
    ),
  ).toEqual(Array.from({ length: 16 }, (_, i) => i));
  expect(
    pidsWithSocket(
      folder,
      Array.from({ length: 1000 }, (_, i) => 1999 + i - 256),
    ),
  ).toContain(1999 - 256);
  expect(pidsWithSocket(join(folder, "missing"), [1])).toEqual([]);
  symlinkSync(socket, join(folder, "3000.sock"));
  writeFileSync(join(folder, "3001.sock"), "");
  expect(pidsWithSocket(folder, [3000, 3001, 3])).toEqual([3]);
});
