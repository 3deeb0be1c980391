// The control socket against hostile clients: each request gets an answer or an end, and the next request is answered.
import { afterAll, afterEach, expect, test } from "bun:test";
import { existsSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import * as v from "valibot";
import { headOf, maxHeadBytes } from "../../src/base/channel/head.ts";
import { serve } from "../../src/base/channel/serve.ts";
import { ControlRequest, controlChannel } from "../../src/supervisor/control.ts";
import { tempDir } from "../harness.ts";

const folder = tempDir();
const path = join(folder, "s.sock");
const key = "k".repeat(64);
const asked: ControlRequest[] = [];
let server: { stop(): void } | null = null;
const open = () => {
  server = serve(path, controlChannel, key, async (question) => {
    asked.push(v.parse(ControlRequest, question));
    return { told: [] };
  });
};
afterEach(() => {
  server?.stop();
  server = null;
  asked.length = 0;
});
afterAll(() => rmSync(folder, { recursive: true }));

/** Sends the pieces one by one, and returns everything that was received until the end. */
function say(...pieces: (string | Uint8Array)[]): Promise<string> {
  return new Promise((done, refused) => {
    let said = "";
    const left = pieces.map((piece) => Buffer.from(piece));
    const write = (socket: Bun.Socket) => {
      const [piece] = left;
      if (piece === undefined) return;
      const written = Math.max(0, socket.write(piece));
      left.splice(0, 1, ...(written < piece.length ? [piece.subarray(written)] : []));
      // The next piece is sent in a later turn of the event loop, or, if the socket is full, after it has drained.
      if (written === piece.length) setImmediate(() => write(socket));
    };
    Bun.connect({
      unix: path,
      socket: {
        open: write,
        drain: write,
        data(_, chunk) {
          said += chunk.toString();
        },
        close: () => done(said),
        error: () => {},
      },
    }).catch(refused);
  });
}

const good = { act: "read", names: ["web"] };

test("the supervisor answers a request once, whether it arrives in one piece or byte by byte", async () => {
  open();
  expect(JSON.parse(await say(headOf(controlChannel, key), `${JSON.stringify(good)}\n`))).toEqual({
    protocol: controlChannel.protocol,
    pid: process.pid,
    told: [],
  });
  expect(JSON.parse(await say(...`${headOf(controlChannel, key)}${JSON.stringify(good)}\n`))).toEqual({
    protocol: controlChannel.protocol,
    pid: process.pid,
    told: [],
  });
  expect(asked).toEqual([good, good] as ControlRequest[]);
});

test.each([
  "\n",
  "nonsense\n",
  "null\n",
  "[]\n",
  '"x"\n',
  "{}\n",
  `${JSON.stringify({ ...good, act: "constructor" })}\n`,
  `${JSON.stringify({ ...good, names: ["../x"] })}\n`,
  `${JSON.stringify({ ...good, names: "web" })}\n`,
  `${JSON.stringify({ ...good, more: 1 })}\n`,
  `${JSON.stringify({ act: "define", specs: [{ spec: {}, derived: "" }] })}\n`,
  `${"[".repeat(1000)}\n`,
])("the malformed request %j is refused, and the server keeps running", async (text) => {
  open();
  expect(JSON.parse(await say(headOf(controlChannel, key), text))).toMatchObject({
    protocol: controlChannel.protocol,
    error: expect.any(String),
  });
  expect(asked).toEqual([]);
  expect(JSON.parse(await say(headOf(controlChannel, key), `${JSON.stringify(good)}\n`))).toMatchObject({ told: [] });
});

test.each([
  [headOf(controlChannel, ""), "the request lacks the key"],
  [headOf(controlChannel, "x".repeat(64)), "the request lacks the key"],
  [headOf(controlChannel, key).replace(/^\d+/, "99"), "version"],
  ["\n", "version"],
])("the supervisor refuses the first line %j, whatever follows it", async (head, why) => {
  open();
  expect(JSON.parse(await say(head, `${JSON.stringify(good)}\n`))).toMatchObject({
    protocol: controlChannel.protocol,
    error: expect.stringContaining(why),
  });
  expect(asked).toEqual([]);
});

test("the supervisor closes a connection whose request is larger than the limit", async () => {
  open();
  expect(await say("x".repeat(maxHeadBytes + 1)).catch(() => "")).toBe("");
  expect(await say(headOf(controlChannel, key), new Uint8Array(controlChannel.maxQuestionBytes + 1024).fill(120)).catch(() => "")).toBe("");
  expect(JSON.parse(await say(headOf(controlChannel, key), `${JSON.stringify(good)}\n`))).toMatchObject({ told: [] });
}, 120_000);

test("the socket is accessible to its user only; a dead socket is replaced, but a file or a link never is", () => {
  open();
  expect(statSync(path).mode & 0o777).toBe(0o600);
  server?.stop();
  expect(existsSync(path)).toBe(false);
  const dead = Bun.spawnSync([
    process.execPath,
    "-e",
    `Bun.listen({ unix: ${JSON.stringify(path)}, socket: { data() {} } }); process.kill(process.pid, "SIGKILL")`,
  ]);
  expect([dead.signalCode, existsSync(path)]).toEqual(["SIGKILL", true]);
  open();
  server?.stop();
  const target = join(folder, "mine");
  writeFileSync(target, "mine");
  symlinkSync(target, path);
  expect(open).toThrow("exists and is not a socket");
  rmSync(path);
  writeFileSync(path, "mine");
  expect(open).toThrow("exists and is not a socket");
  rmSync(path);
});
