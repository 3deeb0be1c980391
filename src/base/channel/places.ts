// How many connections a channel keeps open, and which of them gives up its place to a new one.

/** Enough for every command of a script; a connection that has shown the key costs only memory. */
const maxKnown = 64;
/** Connections without the key, which any process of this machine may open. */
const maxStrangers = 256;
/** A connection that has not shown the key within this time gives up its place. */
const keyWithinMs = 1000;
/** Where all places are taken, one is given up so early: a command sends its key at once, and even a busy machine reads it by then. */
const spareMs = 100;

export class Places<Connection extends { terminate(): void }> {
  /** When each connection without the key was opened; the oldest is first. */
  readonly #strangers = new Map<Connection, number>();
  readonly #known = new Set<Connection>();
  readonly #nowMs: () => number;
  #timer: Timer | null = null;

  /** `nowMs` never goes back. */
  constructor(nowMs: () => number = () => performance.now()) {
    this.#nowMs = nowMs;
  }

  /** For a connection that was opened just now; false where no place is free. */
  take(connection: Connection): boolean {
    const nowMs = this.#nowMs();
    this.#end((openedMs) => nowMs - openedMs >= keyWithinMs);
    const [oldest] = this.#strangers;
    if (this.#strangers.size >= maxStrangers && oldest !== undefined && nowMs - oldest[1] >= spareMs) this.#endOne(oldest[0]);
    if (this.#strangers.size >= maxStrangers) return false;
    this.#strangers.set(connection, nowMs);
    this.#watch();
    return true;
  }

  /** For a connection that has shown the key; false where no place is free. */
  know(connection: Connection): boolean {
    this.#strangers.delete(connection);
    if (this.#known.size >= maxKnown) return false;
    this.#known.add(connection);
    return true;
  }

  leave(connection: Connection): void {
    this.#strangers.delete(connection);
    this.#known.delete(connection);
  }

  close(): void {
    clearTimeout(this.#timer ?? undefined);
  }

  #end(isOver: (openedMs: number) => boolean): void {
    for (const [connection, openedMs] of this.#strangers) {
      if (!isOver(openedMs)) return;
      this.#endOne(connection);
    }
  }

  #endOne(connection: Connection): void {
    this.#strangers.delete(connection);
    connection.terminate();
  }

  #watch(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = null;
      const nowMs = this.#nowMs();
      this.#end((openedMs) => nowMs - openedMs >= keyWithinMs);
      if (this.#strangers.size > 0) this.#watch();
    }, keyWithinMs);
  }
}
