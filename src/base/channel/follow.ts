// The client of a connection that stays open: yields lines as they arrive, and reads no faster than the caller takes them.
import type { Side } from "./ask.ts";
import { busyLine, headOf, keyFrom } from "./head.ts";

export type ChannelFollowOptions = {
  signal: AbortSignal;
  /** The server counts as gone if its first line does not arrive within this time. */
  firstMs: number;
  /** The server counts as gone if no further line arrives for this long. */
  quietMs: number;
};

/** With more unread bytes than this the socket is paused until lines are taken; an incomplete line is still read to its end. */
const maxUnreadBytes = 4 * 1024 * 1024;

/** Ends if nobody listens or answers, if the server is busy, ends or falls silent, and if the AbortSignal is aborted. */
export async function* followChannel(
  { path, keyFile, channel }: Side,
  question: unknown,
  options: ChannelFollowOptions,
): AsyncGenerator<string> {
  const { signal, firstMs, quietMs } = options;
  const inbox = new Inbox(channel.maxAnswerBytes);
  let rest = Buffer.from(`${headOf(channel, keyFrom(keyFile))}${JSON.stringify(question)}\n`);
  const write = (socket: Bun.Socket) => {
    rest = rest.subarray(Math.max(0, socket.write(rest)));
  };
  const opened = Bun.connect({
    unix: path,
    socket: {
      open: write,
      drain: write,
      data: (socket, chunk) => {
        inbox.add(Buffer.from(chunk));
        if (inbox.isFull) socket.pause();
      },
      close: () => inbox.end(),
      connectError: () => inbox.end(),
      error: () => {},
    },
  }).catch(() => null);
  const end = () => inbox.end();
  signal.addEventListener("abort", end, { once: true });
  try {
    for (let limitMs = firstMs; ; limitMs = quietMs) {
      const line = signal.aborted ? null : await inbox.line(limitMs);
      if (line === null || line === busyLine) return;
      yield line;
      if (!inbox.isFull) (await opened)?.resume();
    }
  } finally {
    signal.removeEventListener("abort", end);
    (await opened)?.terminate();
  }
}

/** Splits the received bytes into lines. */
class Inbox {
  readonly #maxLineBytes: number;
  #chunks: Buffer[] = [];
  #lines: Buffer[] = [];
  #isOver = false;
  #wake = () => {};
  #bytes = 0;

  constructor(maxLineBytes: number) {
    this.#maxLineBytes = maxLineBytes;
  }

  /**
   * True if the socket should pause. An incomplete line alone never pauses the socket, because the end of the line would then
   * never arrive.
   */
  get isFull(): boolean {
    return this.#isOver || (this.#lines.length > 0 && this.#bytes > maxUnreadBytes);
  }

  /** A line longer than `maxLineBytes` ends the stream. */
  add(chunk: Buffer): void {
    this.#bytes += chunk.length;
    for (let at = 0; at < chunk.length; ) {
      const end = chunk.indexOf(newline, at);
      this.#chunks.push(chunk.subarray(at, end === -1 ? chunk.length : end + 1));
      if (end === -1) break;
      this.#lines.push(Buffer.concat(this.#chunks.splice(0)));
      at = end + 1;
    }
    if (this.#chunks.reduce((sum, { length }) => sum + length, 0) > this.#maxLineBytes) this.#isOver = true;
    this.#wake();
  }

  end(): void {
    this.#isOver = true;
    this.#wake();
  }

  /** The next line; null at the end of the stream, and if no line comes within `limitMs`. */
  async line(limitMs: number): Promise<string | null> {
    const endMs = performance.now() + limitMs;
    while (this.#lines.length === 0) {
      const leftMs = endMs - performance.now();
      if (this.#isOver || leftMs <= 0) return null;
      await new Promise<void>((wake) => {
        const timer = setTimeout(wake, leftMs);
        this.#wake = () => {
          clearTimeout(timer);
          wake();
        };
      });
    }
    const line = this.#lines.shift() as Buffer;
    this.#bytes -= line.length;
    return line.toString("utf8");
  }
}

const newline = 10;
