// The spool of alerts: messages on disk that wait for their channels. One SQLite file, which the agent and the unit that systemd
// starts on a failure share. A process that is killed at any moment loses nothing: each step is one transaction.
import type { Database } from "bun:sqlite";
import { failed, reasonOf } from "../../base/errors.ts";
import { bootId, startTimeOf } from "../../base/proc.ts";
import { type AlertMessage, messageIn } from "../message.ts";
import { openSpool } from "./spool-file.ts";

/** The limits of the spool: beyond them the oldest messages are dropped and counted. */
export const spoolLimits = { messages: 10_000, bytes: 32 * 1024 * 1024, ageMs: 7 * 86_400_000 };
/** The ids of events are kept for longer than any message waits. */
const toldMs = 14 * 86_400_000;
const maxTold = 100_000;
/** A message that a receiver has refused this often is dropped for its channel. */
export const maxRefusals = 6;

/** A message that one channel has to send now. `attempts`: how often it was tried before. */
export type Claimed = { message: AlertMessage; attempts: number };

export type ChannelBacklog = { channel: string; waiting: number; attempts: number; dropped: number; droppedMs: number };

/**
 * Messages are sent in order, so only the oldest one is a candidate. A message that the receiver has refused keeps no other back: it
 * is tried again when no other is due.
 */
const candidates = `
  SELECT * FROM (SELECT seq, attempts, next_ms, refused FROM queue WHERE channel = ? AND refused = 0 ORDER BY seq LIMIT 1)
  UNION ALL SELECT seq, attempts, next_ms, refused FROM queue WHERE channel = ? AND refused > 0`;

export class AlertSpool {
  readonly #db: Database;
  readonly #limits: typeof spoolLimits;
  readonly #now: () => number;
  readonly #owner = `${process.pid} ${startTimeOf(process.pid)} ${bootId()}`;
  /** Why an older spool was set aside when this one was opened, or null. */
  readonly damage: string | null;

  constructor(path: string, now: () => number = Date.now, limits = spoolLimits) {
    this.#limits = limits;
    this.#now = now;
    ({ db: this.#db, damage: this.damage } = openSpool(path));
    try {
      this.#releaseOfDead();
    } catch (error) {
      this.#db.close();
      throw error;
    }
  }

  /**
   * Adds a message for these channels, without the events that were told before, so that an event is told once whoever reports it.
   * Returns false where nothing of the message is new. The message is on the disk when this returns.
   */
  put(message: AlertMessage, channels: readonly string[]): boolean {
    const nowMs = this.#now();
    // Only a message must survive a power failure: a lost mark of what was sent only causes a repeat with the same id.
    this.#db.run("PRAGMA synchronous = FULL");
    try {
      return this.#db
        .transaction(() => {
          if (!this.#isNew(message.id, "message", nowMs)) return false;
          const events = message.events.filter(({ id, kind }) => this.#isNew(id, kind, nowMs));
          if (events.length === 0 && message.events.length > 0) return false;
          const body = JSON.stringify({ ...message, events });
          const row = this.#db
            .query<{ seq: number }, [string, number, string]>("INSERT INTO message (id, at_ms, body) VALUES (?, ?, ?) RETURNING seq")
            .get(message.id, nowMs, body);
          const insert = this.#db.query("INSERT INTO queue (channel, seq) VALUES (?, ?)");
          for (const channel of channels) insert.run(channel, row?.seq ?? 0);
          this.#keepWithin(nowMs);
          return true;
        })
        .immediate();
    } catch (error) {
      throw failed(`cannot write an alert to the spool: ${reasonOf(error)}`, { cause: error });
    } finally {
      this.#db.run("PRAGMA synchronous = NORMAL");
    }
  }

  /**
   * The oldest message of a channel that is due, which no other process sends until `leaseMs` have passed. Null where none is due, or
   * where another process sends one. A message that waits for longer than `longestMs` is due: the clock was set back.
   */
  claim(channel: string, { leaseMs, longestMs }: { leaseMs: number; longestMs: number }): Claimed | null {
    const nowMs = this.#now();
    return this.#db
      .transaction(() => {
        const held = this.#db.query<{ until_ms: number }, [string, string]>("SELECT until_ms FROM claim WHERE channel = ? AND owner <> ?");
        const until = held.get(channel, this.#owner)?.until_ms ?? 0;
        if (until > nowMs && until - nowMs <= leaseMs) return null;
        this.#dropOld(nowMs);
        const row = this.#db
          .query<{ seq: number; body: string; attempts: number }, [string, string, number, number]>(
            `SELECT seq, body, attempts FROM (${candidates}) JOIN message USING (seq) WHERE next_ms <= ? OR next_ms > ? ORDER BY refused, seq LIMIT 1`,
          )
          .get(channel, channel, nowMs, nowMs + longestMs);
        if (row === null) return null;
        const message = messageIn(row.body);
        // Another version of bs9 wrote it: without this step it would keep back all that follow.
        if (message === null) return this.#drop(row.seq, row.seq, nowMs);
        this.#db.query("INSERT OR REPLACE INTO claim VALUES (?, ?, ?)").run(channel, this.#owner, nowMs + leaseMs);
        return { message, attempts: row.attempts };
      })
      .immediate();
  }

  /** The channel has taken the message. */
  sent(channel: string, id: string): void {
    this.#settle(channel, () => {
      this.#db.query("DELETE FROM queue WHERE channel = ? AND seq = (SELECT seq FROM message WHERE id = ?)").run(channel, id);
      this.#forgetSent();
    });
  }

  /**
   * The channel has not taken the message, which is tried again in `delayMs`. `isRefused`: the receiver works, and does not want this
   * message.
   */
  notSent(channel: string, id: string, { delayMs, isRefused }: { delayMs: number; isRefused: boolean }): void {
    this.#settle(channel, () => {
      const nowMs = this.#now();
      const row = this.#db
        .query<{ seq: number; refused: number }, [number, number, string, string]>(
          `UPDATE queue SET attempts = attempts + 1, next_ms = ?, refused = refused + ?
           WHERE channel = ? AND seq = (SELECT seq FROM message WHERE id = ?) RETURNING seq, refused`,
        )
        .get(nowMs + delayMs, isRefused ? 1 : 0, channel, id);
      if (row !== null && row.refused >= maxRefusals) this.#drop(row.seq, row.seq, nowMs, channel);
    });
  }

  /** The sending was given up before it ended: the message is due at once, with the same id. */
  release(channel: string): void {
    this.#settle(channel, () => {});
  }

  /** When the next message of a channel is due, in milliseconds from now; null where none waits. */
  dueInMs(channel: string): number | null {
    const next = this.#db
      .query<{ next: number | null }, [string, string]>(`SELECT MIN(next_ms) AS next FROM (${candidates})`)
      .get(channel, channel)?.next;
    return next === null || next === undefined ? null : Math.max(0, next - this.#now());
  }

  /** Gives up the messages of channels that are not configured any more. */
  keepOnly(channels: readonly string[]): void {
    this.#db
      .transaction(() => {
        for (const { channel } of this.backlogs()) {
          if (channels.includes(channel)) continue;
          for (const table of ["queue", "claim", "dropped"]) this.#db.query(`DELETE FROM ${table} WHERE channel = ?`).run(channel);
        }
        this.#forgetSent();
      })
      .immediate();
  }

  backlogs(): ChannelBacklog[] {
    return this.#db
      .query<ChannelBacklog, []>(
        `SELECT channel, COUNT(seq) AS waiting, COALESCE(MAX(attempts), 0) AS attempts,
                COALESCE(MAX(dropped.count), 0) AS dropped, COALESCE(MAX(dropped.at_ms), 0) AS droppedMs
         FROM (SELECT channel FROM queue UNION SELECT channel FROM dropped) LEFT JOIN queue USING (channel) LEFT JOIN dropped USING (channel)
         GROUP BY channel`,
      )
      .all();
  }

  /** The number of messages that wait, each counted for each channel that has not taken it. */
  waiting(): number {
    return this.#db.query<{ count: number }, []>("SELECT COUNT(*) AS count FROM queue").get()?.count ?? 0;
  }

  /** A number that changes when another process has written to the spool. */
  version(): number {
    return this.#db.query<{ version: number }, []>("SELECT data_version AS version FROM pragma_data_version").get()?.version ?? 0;
  }

  close(): void {
    this.#db.close();
  }

  #settle(channel: string, act: () => void): void {
    this.#db
      .transaction(() => {
        act();
        this.#db.query("DELETE FROM claim WHERE channel = ? AND owner = ?").run(channel, this.#owner);
      })
      .immediate();
  }

  #isNew(id: string, kind: string, nowMs: number): boolean {
    return this.#db.query("INSERT OR IGNORE INTO told VALUES (?, ?, ?)").run(id, kind, nowMs).changes === 1;
  }

  #forgetSent(): void {
    this.#db.run("DELETE FROM message WHERE NOT EXISTS (SELECT 1 FROM queue WHERE queue.seq = message.seq)");
  }

  #keepWithin(nowMs: number): void {
    this.#dropOld(nowMs);
    this.#forgetSent();
    const size = this.#db.query<{ seq: number; bytes: number }, []>(
      "SELECT seq, LENGTH(CAST(body AS BLOB)) AS bytes FROM message ORDER BY seq DESC",
    );
    let [messages, bytes] = [0, 0];
    for (const row of size.iterate()) {
      messages++;
      bytes += row.bytes;
      // The newest message is kept, whatever its size.
      if (messages === 1 || (messages <= this.#limits.messages && bytes <= this.#limits.bytes)) continue;
      this.#drop(0, row.seq, nowMs);
      break;
    }
    this.#db.query("DELETE FROM told WHERE at_ms < ?").run(nowMs - toldMs);
    this.#db.query("DELETE FROM told WHERE at_ms < (SELECT at_ms FROM told ORDER BY at_ms DESC LIMIT 1 OFFSET ?)").run(maxTold);
  }

  #dropOld(nowMs: number): void {
    const last = this.#db
      .query<{ seq: number | null }, [number]>("SELECT MAX(seq) AS seq FROM message WHERE at_ms < ?")
      .get(nowMs - this.#limits.ageMs)?.seq;
    if (last !== null && last !== undefined) this.#drop(0, last, nowMs);
  }

  /** Drops these messages, for one channel or for all, and counts them for each channel that has not taken them. */
  #drop(first: number, last: number, nowMs: number, channel: string | null = null): null {
    const these = "seq BETWEEN ? AND ? AND channel = COALESCE(?, channel)";
    this.#db
      .query(
        `INSERT INTO dropped SELECT channel, COUNT(*), ? FROM queue WHERE ${these} GROUP BY channel
         ON CONFLICT (channel) DO UPDATE SET count = count + excluded.count, at_ms = excluded.at_ms`,
      )
      .run(nowMs, first, last, channel);
    this.#db.query(`DELETE FROM queue WHERE ${these}`).run(first, last, channel);
    this.#forgetSent();
    return null;
  }

  /** A process that was killed while it sent leaves its claim behind, and the next one must not wait for the end of it. */
  #releaseOfDead(): void {
    for (const { channel, owner } of this.#db.query<{ channel: string; owner: string }, []>("SELECT channel, owner FROM claim").all()) {
      const [pid, startTime, ...boot] = owner.split(" ");
      if (boot.join(" ") === bootId() && startTimeOf(Number(pid)) === startTime) continue;
      this.#db.query("DELETE FROM claim WHERE channel = ? AND owner = ?").run(channel, owner);
    }
  }
}
