// The spool of alerts: messages on disk that wait for their channels. One SQLite file, which the agent and the unit that systemd
// starts on a failure share. A process that is killed at any moment loses nothing: each step is one transaction.
import type { Database } from "bun:sqlite";
import { failed, reasonOf } from "../../base/errors.ts";
import { isRunningIn, ownProcess } from "../../base/process.ts";
import { type AlertEvent, type AlertMessage, messageIn } from "../message.ts";
import { backlogsIn, type ChannelBacklog, useChannels, type WantedChannel } from "./backlog.ts";
import { Retention, spoolLimits } from "./retention.ts";
import { openSpool } from "./spool-file.ts";

/** A message that a receiver has refused this often is dropped for its channel. */
export const maxRefusals = 6;

/** A message that one channel has to send now. `attempts`: how often it was tried before. */
export type Claimed = { message: AlertMessage; attempts: number };

/**
 * Messages are sent in order, so only the oldest one is a candidate. A message that the receiver has refused keeps no other back: it
 * is tried again when no other is due.
 */
const candidates = `
  SELECT * FROM (SELECT seq, attempts, next_ms, refused FROM queue WHERE channel = ? AND refused = 0 ORDER BY seq LIMIT 1)
  UNION ALL SELECT seq, attempts, next_ms, refused FROM queue WHERE channel = ? AND refused > 0`;

export class AlertSpool {
  readonly #db: Database;
  readonly #retention: Retention;
  readonly #now: () => number;
  readonly #owner = JSON.stringify(ownProcess());
  /** Why an older spool was set aside when this one was opened, or null. */
  readonly damage: string | null;

  constructor(path: string, now: () => number = Date.now, limits = spoolLimits) {
    this.#now = now;
    ({ db: this.#db, damage: this.damage } = openSpool(path));
    this.#retention = new Retention(this.#db, limits);
    try {
      this.#releaseOfDead();
    } catch (error) {
      this.#db.close();
      throw error;
    }
  }

  /**
   * Adds a message for these channels, without the events that were told before, so that an event is told once whoever reports it.
   * Returns the events that are new; null where nothing of the message is new. The message is on the disk when this returns.
   */
  put(message: AlertMessage, channels: readonly string[]): AlertEvent[] | null {
    const nowMs = this.#now();
    // Only a message must survive a power failure: a lost mark of what was sent only causes a repeat with the same id.
    this.#db.run("PRAGMA synchronous = FULL");
    try {
      return this.#db
        .transaction(() => {
          if (!this.#isNew(message.id, "message", nowMs)) return null;
          const events = message.events.filter(({ id, kind }) => this.#isNew(id, kind, nowMs));
          if (events.length === 0 && message.events.length > 0) return null;
          if (channels.length === 0) return events;
          const body = JSON.stringify({ ...message, events });
          const row = this.#db
            .query<{ seq: number }, [string, number, string, number]>(
              "INSERT INTO message (id, at_ms, body, bytes) VALUES (?, ?, ?, ?) RETURNING seq",
            )
            .get(message.id, nowMs, body, Buffer.byteLength(body));
          const insert = this.#db.query("INSERT INTO queue (channel, seq) VALUES (?, ?)");
          for (const channel of channels) insert.run(channel, row?.seq ?? 0);
          this.#retention.keepWithin(nowMs);
          return events;
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
        this.#retention.dropOld(nowMs);
        const row = this.#db
          .query<{ seq: number; body: string; attempts: number }, [string, string, number, number]>(
            `SELECT seq, body, attempts FROM (${candidates}) JOIN message USING (seq) WHERE next_ms <= ? OR next_ms > ? ORDER BY refused, seq LIMIT 1`,
          )
          .get(channel, channel, nowMs, nowMs + longestMs);
        if (row === null) return null;
        const message = messageIn(row.body);
        // Another version of bs9 wrote it: without this step it would keep back all that follow.
        if (message === null) return this.#retention.drop(row.seq, row.seq, nowMs);
        this.#db.query("INSERT OR REPLACE INTO claim VALUES (?, ?, ?)").run(channel, this.#owner, nowMs + leaseMs);
        return { message, attempts: row.attempts };
      })
      .immediate();
  }

  /** The channel has taken the message. */
  sent(channel: string, id: string): void {
    this.#settle(channel, () => {
      const row = this.#db.query<{ seq: number }, [string]>("SELECT seq FROM message WHERE id = ?").get(id);
      if (row === null) return;
      this.#db.query("DELETE FROM queue WHERE channel = ? AND seq = ?").run(channel, row.seq);
      this.#retention.forgetSent(row.seq, row.seq);
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
      if (row !== null && row.refused >= maxRefusals) this.#retention.drop(row.seq, row.seq, nowMs, channel);
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

  /**
   * Tells which channels are configured now, in their order. Returns the key of each: a channel whose address was corrected keeps its
   * key, and so the messages that wait for it. The messages of the channels that were removed are dropped and counted.
   */
  use(wanted: readonly WantedChannel[]): string[] {
    return this.#db.transaction(() => useChannels(this.#db, wanted, this.#retention, this.#now())).immediate();
  }

  backlogs(): ChannelBacklog[] {
    return backlogsIn(this.#db);
  }

  /** The number of messages that wait, each counted for each channel that has not taken it. */
  waiting(): number {
    return this.#db.query<{ count: number }, []>("SELECT COALESCE(SUM(waiting), 0) AS count FROM backlog").get()?.count ?? 0;
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

  /** A process that was killed while it sent leaves its claim behind, and the next one must not wait for the end of it. */
  #releaseOfDead(): void {
    for (const { channel, owner } of this.#db.query<{ channel: string; owner: string }, []>("SELECT channel, owner FROM claim").all()) {
      if (isRunningIn(owner)) continue;
      this.#db.query("DELETE FROM claim WHERE channel = ? AND owner = ?").run(channel, owner);
    }
  }
}
