// Whether the processes that listen are alive, with real processes and real sockets.
import { afterEach, beforeEach, expect, test } from "bun:test";
import { rmSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { join } from "node:path";
import { Liveness } from "../../src/agent/collect/liveness.ts";
import { listeners } from "../../src/backend/sockets.ts";
import { tempDir, until } from "../harness.ts";

/** A process with a socket as the preload makes it, and with a TCP port if its argument says so. */
const script = `
const [dir, wants] = process.argv.slice(-2);
const { createServer } = require("node:net");
const answer = (socket) => socket.on("error", () => {}).on("data", () => socket.end("HTTP/1.1 200 OK\\r\\n\\r\\nok"));
const own = () => createServer(answer).listen({ path: dir + "/" + process.pid + ".sock", backlog: 1 }, () => console.log("up"));
if (wants === "port") createServer().listen(0, "127.0.0.1", own);
else own();
`;
let folder: string;
let children: Bun.Subprocess<"ignore", "pipe", "inherit">[];
let reads = 0;
let liveness: Liveness;
beforeEach(() => {
  folder = tempDir();
  children = [];
  reads = 0;
  liveness = new Liveness(() => {
    reads++;
    return listeners();
  });
});
afterEach(async () => {
  for (const child of children) child.kill("SIGKILL");
  await Promise.all(children.map(({ exited }) => exited));
  rmSync(folder, { recursive: true, force: true });
});

async function up(wants: "port" | "none"): Promise<number> {
  const child = Bun.spawn([process.execPath, "-e", script, folder, wants], { stdio: ["ignore", "pipe", "inherit"] });
  children.push(child);
  await child.stdout.getReader().read();
  return child.pid;
}

const ask = (pids: number[], { run = "1", timeoutMs = 5000 } = {}) => liveness.of({ run, folder, pids }, timeoutMs);

test("the table of connections is read once while the processes are the same", async () => {
  const pids = [await up("port"), await up("none")];
  for (let i = 0; i < 5; i++) expect(await ask(pids)).toBeNull();
  expect(reads).toBe(1);
  pids.push(await up("port"));
  expect([await ask(pids), await ask(pids), reads]).toEqual([null, null, 2]);
  expect([await ask(pids, { run: "2" }), reads]).toEqual([null, 3]);
  liveness.keep(new Set([folder]));
  expect([await ask(pids, { run: "2" }), reads]).toEqual([null, 3]);
  liveness.keep(new Set());
  expect([await ask(pids, { run: "2" }), reads]).toEqual([null, 4]);
});

test("a stopped process that listens is in trouble, one that does not listen is not", async () => {
  const [serving, other] = [await up("port"), await up("none")];
  process.kill(other, "SIGSTOP");
  expect(await ask([serving, other])).toBeNull();
  process.kill(serving, "SIGSTOP");
  expect(await ask([serving, other], { timeoutMs: 200 })).toBe(`its process ${serving} does not answer /healthz (timeout after 200 ms)`);
});

test("a stopped process that takes no more connections stays in trouble", async () => {
  const pid = await up("port");
  process.kill(pid, "SIGSTOP");
  const waiting: Socket[] = [];
  let refused = 0;
  while (refused === 0 && waiting.length < 5000) {
    const socket = connect(join(folder, `${pid}.sock`));
    waiting.push(socket);
    await new Promise<void>((done) => socket.once("connect", done).once("error", () => done(void refused++)));
  }
  expect(refused).toBe(1);
  expect(await ask([pid])).toContain(`its process ${pid} does not answer /healthz`);
  process.kill(pid, "SIGCONT");
  for (const socket of waiting) socket.destroy();
  await until(async () => (await ask([pid])) === null, { what: "it answers again" });
});

test("a socket of an ended process says nothing", async () => {
  const pid = await up("none");
  process.kill(pid, "SIGKILL");
  await children[0]?.exited;
  expect(await ask([pid])).toBeNull();
});
