// The channels that the spool knows, and how much waits for each.
import type { Database } from "bun:sqlite";
import { keysOf } from "./identity.ts";
import type { Retention } from "./retention.ts";

/** A channel as the configuration has it; both texts are without secrets. */
export type WantedChannel = { address: string; name: string };

/** `removed`: the name of a channel that is not configured any more. */
export type ChannelBacklog = {
  channel: string;
  waiting: number;
  attempts: number;
  dropped: number;
  droppedMs: number;
  removed: string | null;
};

/** Returns the key of each channel; see AlertSpool. The caller has begun a transaction. */
export function useChannels(db: Database, wanted: readonly WantedChannel[], retention: Retention, nowMs: number): string[] {
  const known = knownChannels(db);
  const keys = keysIn(known, wanted);
  for (const { key, name } of known) {
    if (keys.includes(key)) continue;
    // What was lost before for another reason must not count as dropped now.
    db.query("DELETE FROM dropped WHERE channel = ?").run(key);
    retention.drop(0, Number.MAX_SAFE_INTEGER, nowMs, key);
    db.query("UPDATE dropped SET removed = ? WHERE channel = ?").run(name, key);
    db.query("DELETE FROM claim WHERE channel = ?").run(key);
    db.query("DELETE FROM backlog WHERE channel = ?").run(key);
    db.query("DELETE FROM channel WHERE key = ?").run(key);
  }
  const insert = db.query("INSERT OR REPLACE INTO channel VALUES (?, ?, ?, ?)");
  for (const [i, { address, name }] of wanted.entries()) insert.run(keys[i] ?? address, address, name, i);
  // A channel that is added again begins anew.
  for (const key of keys) db.query("DELETE FROM dropped WHERE channel = ? AND removed IS NOT NULL").run(key);
  db.query("DELETE FROM dropped WHERE removed IS NOT NULL AND at_ms < ?").run(nowMs - retention.limits.ageMs);
  return keys;
}

export type LostChannel = { name: string; waiting: number };

/** The channels that would be removed if only these were wanted, and for which messages wait. */
export function channelsToLose(db: Database, wanted: readonly WantedChannel[]): LostChannel[] {
  const known = knownChannels(db);
  const keys = new Set(keysIn(known, wanted));
  return known.filter(({ key, waiting }) => !keys.has(key) && waiting > 0).map(({ name, waiting }) => ({ name, waiting }));
}

export function backlogsIn(db: Database): ChannelBacklog[] {
  const ofChannel = "FROM queue WHERE queue.channel = one.channel AND";
  return db
    .query<ChannelBacklog, []>(
      `SELECT channel, COALESCE(waiting, 0) AS waiting, COALESCE(count, 0) AS dropped, COALESCE(at_ms, 0) AS droppedMs, removed,
              MAX(COALESCE((SELECT attempts ${ofChannel} refused = 0 ORDER BY seq LIMIT 1), 0),
                  COALESCE((SELECT MAX(attempts) ${ofChannel} refused > 0), 0)) AS attempts
       FROM (SELECT channel FROM backlog UNION SELECT channel FROM dropped) AS one
       LEFT JOIN backlog USING (channel) LEFT JOIN dropped USING (channel) ORDER BY channel`,
    )
    .all();
}

type Known = { key: string; address: string; name: string; waiting: number };

/** A spool of an earlier version has queues without a channel: there the key of a queue is also the address. */
function knownChannels(db: Database): Known[] {
  return db
    .query<Known, []>(
      `SELECT key, address, name, COALESCE(waiting, 0) AS waiting FROM
         (SELECT key, address, name, place FROM channel
          UNION ALL SELECT channel, channel, channel, 0 FROM backlog WHERE channel NOT IN (SELECT key FROM channel))
       LEFT JOIN backlog ON backlog.channel = key ORDER BY place, key`,
    )
    .all();
}

function keysIn(known: readonly Known[], wanted: readonly WantedChannel[]): string[] {
  return keysOf(
    known,
    wanted.map(({ address }) => address),
  );
}
