// The client of a connection that stays open: its lines as they come. It reads no faster than they are taken.
import type { Side } from "./ask.ts";
import { busyLine, headOf, keyFrom } from "./head.ts";

export type ChannelFollowOptions = {
  signal: AbortSignal;
  /** The other side counts as gone where its first line has not come by then. */
  firstMs: number;
  /** And where it has said nothing for so long later. */
  quietMs: number;
};

/** Beyond this the socket is read no further until the lines are taken; a line that is still incomplete is read to its end. */
const maxUnreadBytes = 4 * 1024 * 1024;

/** Ends where nobody listens or answers, where the other side ends or falls silent, and with the signal. */
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

/** Bytes that have come, as lines. */
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

  /** Without a whole line nothing could be taken, and the end of the line would never come. */
  get isFull(): boolean {
    return this.#isOver || (this.#lines.length > 0 && this.#bytes > maxUnreadBytes);
  }

  /** A line that is too long ends it. */
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

  /** Null at the end, and where none comes within `limitMs`. */
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
