// How many connections a channel keeps open, and which of them gives up its place to a new one.

/** Enough for every command of a script; a connection that has shown the key costs only memory. */
const maxKnown = 64;
/** Connections that have shown the key and stay open: they take no place from commands. */
const maxStaying = 64;
/** Connections without the key, which any process of this machine may open. */
const maxStrangers = 256;
/** Age is counted in timer ticks, not in time: after a stall the loop has not yet read what arrived meanwhile. */
const tickMs = 100;
/** A connection that has not shown the key within a second gives up its place. */
const keyWithinTicks = 10;
/** Where all places are taken, it is given up so early: a command sends its key at once, and by then it was read. */
const spareTicks = 2;

export class ConnectionPlaces<Connection extends { terminate(): void }> {
  /** The tick in which each connection without the key was opened; the oldest is first. */
  readonly #strangers = new Map<Connection, number>();
  readonly #known = new Set<Connection>();
  readonly #staying = new Set<Connection>();
  #ticks = 0;
  #timer: Timer | null = null;

  /** For a connection that was opened just now; false where no place is free. */
  take(connection: Connection): boolean {
    const [oldest] = this.#strangers;
    if (this.#strangers.size >= maxStrangers && oldest !== undefined && this.#ticks - oldest[1] >= spareTicks) this.#end(oldest[0]);
    if (this.#strangers.size >= maxStrangers) return false;
    this.#strangers.set(connection, this.#ticks);
    this.#timer ??= setInterval(() => this.tick(), tickMs);
    return true;
  }

  /** For a connection that has shown the key; false where no place is free. */
  know(connection: Connection): boolean {
    this.#strangers.delete(connection);
    if (this.#known.size >= maxKnown) return false;
    this.#known.add(connection);
    return true;
  }

  /** For a known connection that is to stay open; false where no place is free. */
  stay(connection: Connection): boolean {
    this.#known.delete(connection);
    if (this.#staying.size >= maxStaying) return false;
    this.#staying.add(connection);
    return true;
  }

  leave(connection: Connection): void {
    this.#staying.delete(connection);
    this.#strangers.delete(connection);
    this.#known.delete(connection);
  }

  /** Called by the timer, while there are connections without the key. */
  tick(): void {
    this.#ticks++;
    for (const [connection, opened] of this.#strangers) {
      if (this.#ticks - opened < keyWithinTicks) break;
      this.#end(connection);
    }
    if (this.#strangers.size === 0) this.close();
  }

  close(): void {
    clearInterval(this.#timer ?? undefined);
    this.#timer = null;
  }

  #end(connection: Connection): void {
    this.#strangers.delete(connection);
    connection.terminate();
  }
}
