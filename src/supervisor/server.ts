// The control socket: who knows the key may ask; each connection is one question and its answer.

import { timingSafeEqual } from "node:crypto";
import { chmodSync, lstatSync, rmSync } from "node:fs";
import * as v from "valibot";
import { failed, reasonOf } from "../base/errors.ts";
import { shellWord } from "../base/text.ts";
import { maxHeadBytes, maxMessageBytes, protocol, Request, type Told } from "./control.ts";

/** Of sockaddr_un (unix(7)). */
const maxPathBytes = 107;

/** More at once are turned away: a few commands, the dashboard, and who has no business here. */
const maxConnections = 64;
const askWithinSec = 10;

type Asking = { chunks: Buffer[]; bytes: number; isKnown: boolean; answer: Buffer | null };

/** Answers each request by `answer`. A socket that is there is of a supervisor that has died: the caller holds the lock. */
export function serveControl(path: string, key: string, answer: (request: Request) => Promise<Told[]>): { stop(): void } {
  if (Buffer.byteLength(path) > maxPathBytes)
    throw failed(`the path of the control socket is too long for one: ${path}`, { hint: "set BS9_HOME to a shorter path" });
  const there = lstatSync(path, { throwIfNoEntry: false });
  if (there !== undefined && !there.isSocket())
    throw failed(`${path} is no socket, and not bs9's to remove`, { hint: `ls -l ${shellWord(path)}` });
  rmSync(path, { force: true });
  let open = 0;
  const before = process.umask(0o177);
  try {
    const server = Bun.listen<Asking>({
      unix: path,
      socket: {
        open(socket) {
          socket.data = { chunks: [], bytes: 0, isKnown: false, answer: null };
          socket.timeout(askWithinSec);
          if (++open > maxConnections) socket.terminate();
        },
        close: () => {
          open--;
        },
        data: async (socket, chunk) => {
          const asking = socket.data;
          asking.bytes += chunk.length;
          asking.chunks.push(Buffer.from(chunk));
          const refusal = asking.isKnown ? null : headOfAsking(asking, key);
          if (asking.bytes > maxMessageBytes || refusal === "") return void socket.terminate();
          if (refusal === null && (!asking.isKnown || chunk.at(-1) !== newline || asking.chunks.length === 0)) return;
          // A stop may take its time; who asks has a limit of its own.
          socket.timeout(0);
          const said = { protocol, pid: process.pid };
          const told = refusal === null ? await answered(Buffer.concat(asking.chunks.splice(0)), answer) : { error: refusal };
          asking.answer = Buffer.from(`${JSON.stringify({ ...said, ...told })}\n`);
          write(socket);
        },
        drain: write,
        error() {},
      },
    });
    chmodSync(path, 0o600);
    return {
      stop() {
        server.stop(true);
        rmSync(path, { force: true });
      },
    };
  } finally {
    process.umask(before);
  }
}

const newline = 10;

function write(socket: Bun.Socket<Asking>): void {
  const asking = socket.data;
  if (asking.answer === null) return;
  const written = socket.write(asking.answer);
  asking.answer = written < asking.answer.length ? asking.answer.subarray(Math.max(0, written)) : null;
  if (asking.answer === null) socket.end();
}

/** Null: nothing is against it, as far as it has come. Empty: too much came before the key. */
function headOfAsking(asking: Asking, key: string): string | null {
  const bytes = Buffer.concat(asking.chunks);
  const end = bytes.indexOf(newline);
  if (end === -1) return bytes.length > maxHeadBytes ? "" : null;
  const [theirs, given = ""] = bytes.toString("latin1", 0, Math.min(end, maxHeadBytes)).split(" ");
  if (theirs !== String(protocol)) return `this supervisor speaks version ${protocol} of the control protocol`;
  if (!isSame(given, key)) return "who asks has to know the key of this supervisor";
  asking.isKnown = true;
  asking.chunks = end + 1 < bytes.length ? [bytes.subarray(end + 1)] : [];
  return null;
}

async function answered(bytes: Buffer, answer: (request: Request) => Promise<Told[]>): Promise<{ told: Told[] } | { error: string }> {
  try {
    return { told: await answer(v.parse(Request, JSON.parse(bytes.toString("utf8")))) };
  } catch (error) {
    return { error: reasonOf(error) };
  }
}

function isSame(given: string, key: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(key)];
  return a.length === b.length && timingSafeEqual(a, b);
}
