// Limits how many connections a channel keeps open, and chooses which connection is closed in favour of a new one.

/** Connections that have sent the key. This is enough for all commands of a script; a connection costs only memory. */
const maxKnown = 64;
/** Connections that have sent the key and stay open. Counted apart, so that they take no place from commands. */
const maxStaying = 64;
/** Connections that have not sent the key: every process that reaches the socket can open them. */
const maxStrangers = 256;
/** Age is counted in timer ticks, not in time: after a stall of the event loop, data that arrived in time is still unread. */
const tickMs = 100;
/** A connection that has not sent the key within a second is closed. */
const keyWithinTicks = 10;
/**
 * When all places are taken, the oldest connection without the key may be closed after this time: a command sends its key at
 * once, so its key has been read by then.
 */
const spareTicks = 2;

export class ConnectionPlaces<Connection extends { terminate(): void }> {
  /** The tick in which each connection without the key was opened; the oldest is first. */
  readonly #strangers = new Map<Connection, number>();
  readonly #known = new Set<Connection>();
  readonly #staying = new Set<Connection>();
  #ticks = 0;
  #timer: Timer | null = null;

  /** Admits a connection that was just opened; false if no place is free. */
  take(connection: Connection): boolean {
    const [oldest] = this.#strangers;
    if (this.#strangers.size >= maxStrangers && oldest !== undefined && this.#ticks - oldest[1] >= spareTicks) this.#end(oldest[0]);
    if (this.#strangers.size >= maxStrangers) return false;
    this.#strangers.set(connection, this.#ticks);
    this.#timer ??= setInterval(() => this.tick(), tickMs);
    return true;
  }

  /** Admits a connection that has sent the key; false if no place is free. */
  know(connection: Connection): boolean {
    this.#strangers.delete(connection);
    if (this.#known.size >= maxKnown) return false;
    this.#known.add(connection);
    return true;
  }

  /** Lets a connection that has sent the key stay open; false if no place is free. */
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

  /** A timer calls this function while connections exist that have not sent the key. */
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
