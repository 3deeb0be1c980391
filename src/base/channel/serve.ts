// One end of a channel: a socket of this user alone, on which each connection is one question and its answer, or a feed.
import { chmodSync, lstatSync, rmSync } from "node:fs";
import { failed, reasonOf } from "../errors.ts";
import { shellWord } from "../text.ts";
import { Feed, FeedStream } from "./feed.ts";
import { busyLine, type Channel, maxHeadBytes, refusalOf } from "./head.ts";
import { ConnectionPlaces } from "./places.ts";

/** Of sockaddr_un (unix(7)). */
const maxPathBytes = 107;

/** A connection that has shown the key has this long for its question, and again to read the answer. */
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
 * Answers each question, which is JSON, by what `answer` returns, or by why it throws. Where that is a feed, the connection
 * stays open: its opening is the answer, and its lines follow. A socket that is there is of a
 * process that has died: the caller holds a lock. A connection for which there is no place is told that this side is busy.
 */
export function serve(path: string, channel: Channel, key: string, answer: Answering): { stop(): void } {
  if (Buffer.byteLength(path) > maxPathBytes)
    throw failed(`the path of the control socket is too long for one: ${path}`, { hint: "set BS9_HOME to a shorter path" });
  const there = lstatSync(path, { throwIfNoEntry: false });
  if (there !== undefined && !there.isSocket())
    throw failed(`${path} is no socket, and not bs9's to remove`, { hint: `ls -l ${shellWord(path)}` });
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
          // A stop may take its time, and the other side has a limit of its own.
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

/** Null while nothing received so far is a reason to refuse. Empty: too much came before the key. */
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
