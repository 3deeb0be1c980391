// Takes everything that is due for a channel out of a spool.
import type { AlertSpool } from "../../src/alerting/spool/spool.ts";

export const lease = { leaseMs: 1000, longestMs: 60_000 };

export function takenBy(spool: AlertSpool, channel: string): string[] {
  const ids: string[] = [];
  for (let claimed = spool.claim(channel, lease); claimed !== null; claimed = spool.claim(channel, lease)) {
    ids.push(claimed.message.id);
    spool.sent(channel, claimed.message.id);
  }
  return ids;
}
