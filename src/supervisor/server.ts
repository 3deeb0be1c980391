// The control socket: who may open the file may ask; each connection is one question and its answer.

import { timingSafeEqual } from "node:crypto";
import { chmodSync, lstatSync, rmSync } from "node:fs";
import * as v from "valibot";
import { failed, reasonOf } from "../base/errors.ts";
import { type Answer, maxMessageBytes, protocol, Request, type Told, Versioned } from "./control.ts";

/** Of sockaddr_un (unix(7)). */
const maxPathBytes = 107;

type Asking = { chunks: Buffer[]; bytes: number; answer: Buffer | null };

/** Answers each request by `answer`. A socket that is there is of a supervisor that has died: the caller holds the lock. */
export function serveControl(path: string, key: string, answer: (request: Request) => Promise<Told[]>): { stop(): void } {
  if (Buffer.byteLength(path) > maxPathBytes)
    throw failed(`the path of the control socket is too long for one: ${path}`, { hint: "set BS9_HOME to a shorter path" });
  const there = lstatSync(path, { throwIfNoEntry: false });
  if (there !== undefined && !there.isSocket()) throw failed(`${path} is no socket, and not bs9's to remove`, { hint: `ls -l ${path}` });
  rmSync(path, { force: true });
  const before = process.umask(0o177);
  try {
    const server = Bun.listen<Asking>({
      unix: path,
      socket: {
        open(socket) {
          socket.data = { chunks: [], bytes: 0, answer: null };
          socket.timeout(600);
        },
        data: async (socket, chunk) => {
          const asking = socket.data;
          asking.bytes += chunk.length;
          if (asking.bytes > maxMessageBytes) return void socket.terminate();
          asking.chunks.push(Buffer.from(chunk));
          if (chunk.at(-1) !== newline) return;
          const told = await answered(Buffer.concat(asking.chunks.splice(0)), key, answer);
          asking.answer = Buffer.from(`${JSON.stringify(told)}\n`);
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

async function answered(bytes: Buffer, key: string, answer: (request: Request) => Promise<Told[]>): Promise<Answer> {
  const said = { protocol, pid: process.pid };
  try {
    const asked = v.parse(Versioned, JSON.parse(bytes.toString("utf8")));
    if (asked.protocol !== protocol) return { ...said, error: `this supervisor speaks version ${protocol} of the control protocol` };
    if (!isSame(asked.key, key)) return { ...said, error: "who asks has to know the key of this supervisor" };
    return { ...said, told: await answer(v.parse(Request, asked)) };
  } catch (error) {
    return { ...said, error: reasonOf(error) };
  }
}

function isSame(given: string, key: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(key)];
  return a.length === b.length && timingSafeEqual(a, b);
}
