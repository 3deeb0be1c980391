// The server of a channel: a socket that only this user can open; each connection carries a question and its answer, or a feed.
import { chmodSync, lstatSync, rmSync } from "node:fs";
import { failed, reasonOf } from "../errors.ts";
import { shellWord } from "../text.ts";
import { Feed, FeedStream } from "./feed.ts";
import { busyLine, type Channel, maxHeadBytes, refusalOf } from "./head.ts";
import { ConnectionPlaces } from "./places.ts";

/** The longest path that fits into sockaddr_un (unix(7)). */
const maxPathBytes = 107;

/** A client that has sent the key has this long to send its question, and again to read the answer. */
const askWithinSec = 10;

type Asking = {
  chunks: Buffer[];
  bytes: number;
  isKnown: boolean;
  isOver: boolean;
  answer: Buffer | null;
  stream: FeedStream | null;
  isClosed: boolean;
};
type Socket = Bun.Socket<Asking>;
type Answering = (question: unknown) => Promise<object>;

/**
 * Answers each question, which is JSON, with what `answer` returns, or with the text of the error that it throws. If `answer`
 * returns a feed, the connection stays open: the feed's opening is the answer, and its lines follow. A connection beyond the
 * limit is answered with `busyLine`. The caller holds a lock, so a socket that exists already was left by a dead process and is
 * removed. Throws if the path is too long, or if a file that is not a socket exists there.
 */
export function serve(path: string, channel: Channel, key: string, answer: Answering): { stop(): void } {
  if (Buffer.byteLength(path) > maxPathBytes)
    throw failed(`the path of the control socket is longer than ${maxPathBytes} bytes: ${path}`, {
      hint: "set BS9_HOME to a shorter path",
    });
  const there = lstatSync(path, { throwIfNoEntry: false });
  if (there !== undefined && !there.isSocket())
    throw failed(`${path} exists and is not a socket; bs9 does not remove it`, { hint: `ls -l ${shellWord(path)}` });
  rmSync(path, { force: true });
  const places = new ConnectionPlaces<Socket>();
  const before = process.umask(0o177);
  try {
    const server = Bun.listen<Asking>({
      unix: path,
      socket: {
        open(socket) {
          socket.data = { chunks: [], bytes: 0, isKnown: false, isOver: false, answer: null, stream: null, isClosed: false };
          if (!places.take(socket)) turnAway(socket);
        },
        close(socket) {
          socket.data.isClosed = true;
          socket.data.stream?.end();
          places.leave(socket);
        },
        data: async (socket, chunk) => {
          const asking = socket.data;
          if (asking.isOver) return;
          asking.bytes += chunk.length;
          asking.chunks.push(Buffer.from(chunk));
          const wasKnown = asking.isKnown;
          const refusal = asking.isKnown ? null : headOfAsking(asking, channel, key);
          if (asking.bytes > channel.maxQuestionBytes || refusal === "") return void socket.terminate();
          if (asking.isKnown && !wasKnown) {
            if (!places.know(socket)) return turnAway(socket);
            socket.timeout(askWithinSec);
          }
          if (refusal === null && (!asking.isKnown || chunk.at(-1) !== newline || asking.chunks.length === 0)) return;
          asking.isOver = true;
          // No timeout while the answer is made: a stop may take long, and the client has its own time limit.
          socket.timeout(0);
          const said = { protocol: channel.protocol, pid: process.pid };
          const told = refusal === null ? await answered(Buffer.concat(asking.chunks.splice(0)), answer) : { error: refusal };
          if (asking.isClosed) return;
          const isFeed = told instanceof Feed;
          if (isFeed && !places.stay(socket)) return turnAway(socket);
          const line = Buffer.from(`${JSON.stringify({ ...said, ...(isFeed ? told.opening : told) })}\n`);
          if (isFeed) {
            asking.stream = new FeedStream(socket, line, told);
            return;
          }
          socket.timeout(askWithinSec);
          asking.answer = line;
          write(socket);
        },
        drain: write,
        error() {},
      },
    });
    chmodSync(path, 0o600);
    return {
      stop() {
        places.close();
        server.stop(true);
        rmSync(path, { force: true });
      },
    };
  } finally {
    process.umask(before);
  }
}

const newline = 10;

function turnAway(socket: Socket): void {
  socket.data.isOver = true;
  socket.end(busyLine);
}

function write(socket: Socket): void {
  const asking = socket.data;
  asking.stream?.flow();
  if (asking.answer === null) return;
  const written = socket.write(asking.answer);
  asking.answer = written < asking.answer.length ? asking.answer.subarray(Math.max(0, written)) : null;
  if (asking.answer === null) socket.end();
}

/**
 * Checks the first line of a connection. Null as long as the received bytes give no reason to refuse it, else the reason; empty
 * if too many bytes came without a first line.
 */
function headOfAsking(asking: Asking, channel: Channel, key: string): string | null {
  const bytes = Buffer.concat(asking.chunks);
  const end = bytes.indexOf(newline);
  if (end === -1) return bytes.length > maxHeadBytes ? "" : null;
  const refusal = refusalOf(bytes.toString("latin1", 0, Math.min(end, maxHeadBytes)), channel, key);
  if (refusal !== null) return refusal;
  asking.isKnown = true;
  asking.chunks = end + 1 < bytes.length ? [bytes.subarray(end + 1)] : [];
  return null;
}

async function answered(bytes: Buffer, answer: Answering): Promise<object> {
  try {
    return await answer(JSON.parse(bytes.toString("utf8")));
  } catch (error) {
    return { error: reasonOf(error) };
  }
}
