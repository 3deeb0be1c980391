// Passes the stream of the Model on to the WebSockets: each event once, with a number, so that a client that was disconnected for
// a while goes on where it was.
import { Backlog } from "../base/channel/backlog.ts";
import { pause } from "../base/interrupt.ts";
import { randomHex } from "../base/random.ts";
import { after, type ModelEvent } from "../status/events.ts";
import type { Snapshot } from "../status/schema.ts";
import type { WebSource } from "./source.ts";

const paceMs = 5000;
/** How long the stream goes on without a client, so that a client that reconnects misses nothing. */
const lingerMs = 30_000;
const retryMs = 2000;
/** The events that are kept for clients that come back. */
const [maxKept, maxKeptBytes] = [2000, 8 * 1024 * 1024];
const maxWaitingBytes = 4 * 1024 * 1024;
/** What one socket may hold unsent before further events wait here. */
const maxUnsentBytes = 256 * 1024;
/** A client that takes nothing for this long is disconnected. */
const stalledMs = 60_000;
/** How often each client is asked whether it is still allowed. */
const checkMs = 2000;
/** The least time between two of these checks. */
const pauseMs = 100;

/** One client. `send` queues the text, and `unsent` says how many bytes are queued. */
export type StreamListener = { send(text: string): void; unsent(): number; isAllowed(): boolean; close(code: number, why: string): void };

/** Where a client was: the stream, and the number of its last event. */
export type StreamPlace = { stream: string; seq: number };

type Line = { seq: number; text: string };
type Reader = { backlog: Backlog<Line>; flowedMs: number };

export class Hub {
  readonly #source: Pick<WebSource, "follow">;
  /** Numbers count within one stream; another process has another stream. */
  readonly #stream = randomHex(8);
  readonly #readers = new Map<StreamListener, Reader>();
  #kept: Line[] = [];
  #keptBytes = 0;
  #seq = 0;
  #snapshot: Snapshot | null = null;
  #whole: Line | null = null;
  #following: AbortController | null = null;
  #idle: Timer | null = null;
  #checking: Timer | null = null;
  #checkedMs = Number.NEGATIVE_INFINITY;

  constructor(source: Pick<WebSource, "follow">) {
    this.#source = source;
  }

  /** Sends the events since `place` if they are still kept, else a snapshot, and from then on each event. */
  join(listener: StreamListener, place: StreamPlace | null): void {
    const backlog = new Backlog<Line>({ whole: () => this.#wholeLine(), sizeOf: ({ text }) => text.length, maxSize: maxWaitingBytes });
    const missed = this.#since(place);
    listener.send(JSON.stringify({ stream: this.#stream, resumed: missed !== null }));
    // A backlog begins with the whole state; a client that resumes has that already.
    if (missed !== null) {
      for (const line of missed) listener.send(line.text);
      if (this.#snapshot !== null) backlog.next();
    }
    this.#readers.set(listener, { backlog, flowedMs: performance.now() });
    if (this.#idle !== null) clearTimeout(this.#idle);
    this.#idle = null;
    // The clients are asked by a timer, because no event comes while the services cannot be read.
    this.#checking ??= setInterval(() => this.#check(), checkMs);
    if (this.#following === null) void this.#follow();
    this.flow(listener);
  }

  leave(listener: StreamListener): void {
    this.#readers.delete(listener);
    if (this.#readers.size > 0) return;
    if (this.#checking !== null) clearInterval(this.#checking);
    this.#checking = null;
    if (this.#idle !== null) return;
    this.#idle = setTimeout(() => this.stop(), lingerMs);
    this.#idle.unref();
  }

  /** Sends what waits, as far as the socket takes it. */
  flow(listener: StreamListener): void {
    const reader = this.#readers.get(listener);
    if (reader === undefined || this.#snapshot === null) return;
    while (listener.unsent() < maxUnsentBytes) {
      reader.flowedMs = performance.now();
      const line = reader.backlog.next();
      if (line === undefined) return;
      listener.send(line.text);
    }
  }

  /** Ends the stream. The next client begins another part of it, with a snapshot. */
  stop(): void {
    if (this.#idle !== null) clearTimeout(this.#idle);
    if (this.#checking !== null) clearInterval(this.#checking);
    this.#idle = null;
    this.#checking = null;
    this.#following?.abort();
    this.#following = null;
    this.#snapshot = null;
    this.#kept = [];
    this.#keptBytes = 0;
  }

  async #follow(): Promise<void> {
    const own = new AbortController();
    this.#following = own;
    while (!own.signal.aborted) {
      try {
        for await (const event of this.#source.follow({ signal: own.signal, paceMs })) {
          if (own.signal.aborted) return;
          this.#tell(event);
        }
      } catch {
        // The services cannot be read at the moment; clients keep the last state, and see by its time that it is old.
      }
      await pause(retryMs, own.signal);
    }
  }

  #tell(event: ModelEvent): void {
    if (event.kind === "snapshot") this.#snapshot = event.snapshot;
    else if (this.#snapshot === null) return;
    else this.#snapshot = after(this.#snapshot, event);
    const line = { seq: ++this.#seq, text: JSON.stringify({ seq: this.#seq, event }) };
    this.#keep(line);
    const nowMs = performance.now();
    // Each check looks at the files of the tokens, and a thousand events may come at once.
    if (nowMs - this.#checkedMs > pauseMs) this.#check();
    for (const [listener, reader] of [...this.#readers]) {
      if (listener.unsent() >= maxUnsentBytes && nowMs - reader.flowedMs > stalledMs) this.#drop(listener, 4408, "nothing was read");
      else {
        reader.backlog.push(line);
        this.flow(listener);
      }
    }
  }

  /** A client whose token was replaced, or whose session has ended, gets nothing more. */
  #check(): void {
    this.#checkedMs = performance.now();
    for (const listener of [...this.#readers.keys()]) if (!listener.isAllowed()) this.#drop(listener, 4401, "the session has ended");
  }

  #drop(listener: StreamListener, code: number, why: string): void {
    this.leave(listener);
    listener.close(code, why);
  }

  #keep(line: Line): void {
    this.#kept.push(line);
    this.#keptBytes += line.text.length;
    while (this.#kept.length > maxKept || (this.#keptBytes > maxKeptBytes && this.#kept.length > 1))
      this.#keptBytes -= this.#kept.shift()?.text.length ?? 0;
  }

  /** The events after that place; null if it is of another stream, or if some of them are not kept any more. */
  #since(place: StreamPlace | null): Line[] | null {
    const first = this.#kept[0];
    if (place === null || place.stream !== this.#stream || place.seq > this.#seq) return null;
    if (first === undefined || place.seq < first.seq - 1) return null;
    const missed = this.#kept.filter(({ seq }) => seq > place.seq);
    // A long way behind, a snapshot is shorter.
    return missed.reduce((sum, { text }) => sum + text.length, 0) > maxUnsentBytes ? null : missed;
  }

  #wholeLine(): Line {
    if (this.#whole?.seq !== this.#seq || this.#whole === null)
      this.#whole = { seq: this.#seq, text: JSON.stringify({ seq: this.#seq, event: { kind: "snapshot", snapshot: this.#snapshot } }) };
    return this.#whole;
  }
}
