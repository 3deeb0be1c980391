// A connection that stays open: lines go out as they come, as fast as the reader takes them.
import { Backlog } from "./backlog.ts";

/** Each line is JSON with its end; readers share the bytes. */
export type Line = Buffer;

export type Subscriber<T> = {
  tell(item: T): void;
  /** True where the listener has fallen behind: what is told to it is lost, and it asks for the whole. */
  isBehind(): boolean;
};

/** In place of an answer: what the one who asked is told from now on. */
export class Feed {
  /** Said first, beside the head of every answer. */
  readonly opening: object;
  /** All of it as it is now: the first line, and again for a reader that has fallen behind. */
  readonly whole: () => Line;
  /** Tells each line after that; returns what ends it. */
  readonly hear: (listener: Subscriber<Line>) => () => void;

  constructor(opening: object, whole: Feed["whole"], hear: Feed["hear"]) {
    this.opening = opening;
    this.whole = whole;
    this.hear = hear;
  }
}

/** Lines that wait for one reader, beside what the kernel holds for it. */
const maxWaitingBytes = 1024 * 1024;
/** A reader that has taken nothing for so long gives up its place. */
const stalledMs = 600_000;

type Writable = { write(bytes: Buffer): number; terminate(): void };

export class FeedStream {
  readonly #socket: Writable;
  readonly #backlog: Backlog<Line>;
  readonly #end: () => void;
  /** The bytes of the current line that the socket has not taken yet. */
  #rest: Buffer;
  #wroteMs = performance.now();

  constructor(socket: Writable, first: Line, { whole, hear }: Feed) {
    this.#socket = socket;
    this.#rest = first;
    this.#backlog = new Backlog({ whole, sizeOf: (line) => line.length, maxSize: maxWaitingBytes });
    this.#end = hear({
      tell: (line) => {
        const isBlocked = this.#rest.length > 0;
        if (isBlocked && performance.now() - this.#wroteMs > stalledMs) return this.#socket.terminate();
        this.#backlog.push(line);
        if (!isBlocked) this.flow();
      },
      isBehind: () => this.#backlog.isBehind && performance.now() - this.#wroteMs <= stalledMs,
    });
    this.flow();
  }

  /** Writes as much as the socket takes; the rest goes on when it has drained. */
  flow(): void {
    for (;;) {
      if (this.#rest.length === 0) this.#rest = this.#backlog.next() ?? empty;
      if (this.#rest.length === 0) return;
      const written = Math.max(0, this.#socket.write(this.#rest));
      if (written > 0) this.#wroteMs = performance.now();
      this.#rest = this.#rest.subarray(written);
      if (this.#rest.length > 0) return;
    }
  }

  end(): void {
    this.#end();
  }
}

const empty = Buffer.alloc(0);
