// Keeps the spool within its limits: drops the oldest messages, and counts them for each channel that has not taken them.
import type { Database } from "bun:sqlite";

/** The limits of the spool: beyond them the oldest messages are dropped and counted. */
export const spoolLimits = { messages: 10_000, bytes: 32 * 1024 * 1024, ageMs: 7 * 86_400_000 };
/** The ids of events are kept for longer than any message waits. */
const toldMs = 14 * 86_400_000;
const maxTold = 100_000;

/** The caller has begun a transaction. */
export class Retention {
  readonly #db: Database;
  readonly limits: typeof spoolLimits;

  constructor(db: Database, limits: typeof spoolLimits) {
    this.#db = db;
    this.limits = limits;
  }

  keepWithin(nowMs: number): void {
    this.dropOld(nowMs);
    // The newest message is kept, whatever its size.
    for (;;) {
      const messages = this.#total("messages");
      if (messages <= 1 || (messages <= this.limits.messages && this.#total("bytes") <= this.limits.bytes)) break;
      const oldest = this.#oldest();
      if (oldest === null) break;
      this.drop(oldest.seq, oldest.seq, nowMs);
    }
    this.#db.query("DELETE FROM told WHERE at_ms < ?").run(nowMs - toldMs);
    const excess = this.#total("told") - maxTold;
    if (excess > 0) this.#db.query("DELETE FROM told WHERE (id, kind) IN (SELECT id, kind FROM told ORDER BY at_ms LIMIT ?)").run(excess);
  }

  dropOld(nowMs: number): void {
    for (let one = this.#oldest(); one !== null && one.at_ms < nowMs - this.limits.ageMs; one = this.#oldest())
      this.drop(one.seq, one.seq, nowMs);
  }

  /** Drops these messages, for one channel or for all. */
  drop(first: number, last: number, nowMs: number, channel: string | null = null): null {
    const these = "seq BETWEEN ? AND ? AND channel = COALESCE(?, channel)";
    this.#db
      .query(
        `INSERT INTO dropped (channel, count, at_ms) SELECT channel, COUNT(*), ? FROM queue WHERE ${these} GROUP BY channel
         ON CONFLICT (channel) DO UPDATE SET count = count + excluded.count, at_ms = excluded.at_ms`,
      )
      .run(nowMs, first, last, channel);
    this.#db.query(`DELETE FROM queue WHERE ${these}`).run(first, last, channel);
    this.forgetSent(first, last);
    return null;
  }

  /** Removes the messages of this range that no channel waits for. */
  forgetSent(first: number, last: number): void {
    this.#db
      .query("DELETE FROM message WHERE seq BETWEEN ? AND ? AND NOT EXISTS (SELECT 1 FROM queue WHERE queue.seq = message.seq)")
      .run(first, last);
  }

  #total(what: "messages" | "bytes" | "told"): number {
    return this.#db.query<{ count: number }, [string]>("SELECT count FROM total WHERE what = ?").get(what)?.count ?? 0;
  }

  #oldest(): { seq: number; at_ms: number } | null {
    return this.#db.query<{ seq: number; at_ms: number }, []>("SELECT seq, at_ms FROM message ORDER BY seq LIMIT 1").get();
  }
}
