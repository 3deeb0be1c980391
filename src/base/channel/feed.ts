// The server side of a connection that stays open: sends lines as they arise, as fast as the client reads them.
import { Backlog } from "./backlog.ts";

/** JSON and a newline. All clients are sent the same buffer, so it must not be changed. */
export type Line = Buffer;

export type Subscriber<T> = {
  tell(item: T): void;
  /** True while the subscriber has fallen behind: it drops what it is told, and fetches the whole state later. */
  isBehind(): boolean;
};

/** A server returns a feed in place of an answer: the client then gets lines for as long as the connection lasts. */
export class Feed {
  /** Fields of the first line, beside the protocol version and pid that every answer has. */
  readonly opening: object;
  /** The whole state in one line: sent after the opening, and again to a client that has fallen behind. */
  readonly whole: () => Line;
  /** Subscribes to the lines after that; returns the function that ends the subscription. */
  readonly hear: (listener: Subscriber<Line>) => () => void;

  constructor(opening: object, whole: Feed["whole"], hear: Feed["hear"]) {
    this.opening = opening;
    this.whole = whole;
    this.hear = hear;
  }
}

/** Limit of the lines that wait for one client, in addition to the socket buffer of the kernel. */
const maxWaitingBytes = 1024 * 1024;
/** A client that has read nothing for this long is disconnected. */
const stalledMs = 600_000;

type Writable = { write(bytes: Buffer): number; terminate(): void };

export class FeedStream {
  readonly #socket: Writable;
  readonly #backlog: Backlog<Line>;
  readonly #end: () => void;
  /** The bytes of the current line that the socket has not taken yet. */
  #rest: Buffer;
  readonly #nowMs: () => number;
  #wroteMs: number;

  /** `nowMs` is a clock that nobody sets. */
  constructor(socket: Writable, first: Line, { whole, hear }: Feed, nowMs = () => performance.now()) {
    this.#socket = socket;
    this.#nowMs = nowMs;
    this.#wroteMs = nowMs();
    this.#rest = first;
    this.#backlog = new Backlog({ whole, sizeOf: (line) => line.length, maxSize: maxWaitingBytes });
    this.#end = hear({
      tell: (line) => {
        const isBlocked = this.#rest.length > 0;
        if (isBlocked && nowMs() - this.#wroteMs > stalledMs) return this.#socket.terminate();
        this.#backlog.push(line);
        if (!isBlocked) this.flow();
      },
      isBehind: () => this.#backlog.isBehind && nowMs() - this.#wroteMs <= stalledMs,
    });
    this.flow();
  }

  /** Writes as much as the socket takes. The `drain` event calls it again for the rest. */
  flow(): void {
    for (;;) {
      if (this.#rest.length === 0) this.#rest = this.#backlog.next() ?? empty;
      if (this.#rest.length === 0) return;
      const written = Math.max(0, this.#socket.write(this.#rest));
      if (written > 0) this.#wroteMs = this.#nowMs();
      this.#rest = this.#rest.subarray(written);
      if (this.#rest.length > 0) return;
    }
  }

  end(): void {
    this.#end();
  }
}

const empty = Buffer.alloc(0);
