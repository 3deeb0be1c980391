// Finds reports of journald about lines that it has dropped in a range of time, where this user may read them.
import * as v from "valibot";
import type { Notice } from "../../backend/notice.ts";
import type { JournalDeps } from "./journalctl.ts";
import { journalEntries } from "./journalctl.ts";
import { journaldConf } from "./journald-conf.ts";
import { countEntries, systemJournalIsReadable } from "./notices.ts";

/** The message "Suppressed N messages from UNIT" (sd-messages(3)). */
const suppressed = "a596d6fe7bfa4994828e72309e95d61e";
const maxWords = 10_000;

const Word = v.object({
  __REALTIME_TIMESTAMP: v.pipe(v.string(), v.regex(/^\d{1,16}$/), v.transform(Number)),
  MESSAGE: v.string(),
});

/**
 * Returns a notice about gaps from `fromMs` to `toMs`, or null where no gap is likely. The notice cannot name a service,
 * because journald limits all services of a user together.
 */
export async function pastGapNotice(
  range: { fromMs: number; toMs: number | null },
  deps: JournalDeps,
  signal: AbortSignal,
): Promise<Notice | null> {
  const { limit } = await journaldConf(deps.uid);
  if (!systemJournalIsReadable()) {
    const atMs = await crowdedAt(range, limit, deps, signal);
    if (atMs === null) return null;
    return gap(
      `Lines may be missing around ${new Date(atMs).toISOString()}: so many lines came that journald's rate limit may have dropped some. Only root and the groups adm and systemd-journal can see whether it did.`,
    );
  }
  const drops = await dropsIn(range, limit.intervalMs, deps, signal);
  const last = drops.at(-1);
  if (last === undefined) return null;
  const lines = drops.reduce((sum, drop) => sum + drop.lines, 0);
  const told = new Date(last.atMs).toISOString();
  const times = drops.length === 1 ? `as it reported at ${told}` : `in ${drops.length} gaps, the last one reported at ${told}`;
  return gap(`Lines are missing: journald dropped ${lines} lines of this user's services, ${times}.`);
}

const gap = (what: string): Notice => ({ kind: "log-gap", subject: "journald", what, fix: null });

/** The number of entries of the range that are read, counted from the newest: half a second of work. */
const maxCounted = 50_000;

/**
 * The last time at which as many lines as the rate limit allows had arrived within its interval; null where that never
 * happened. journald drops nothing before that (RateLimitBurst= in journald.conf(5)); where the disk has much free space it
 * allows more lines.
 */
async function crowdedAt(
  { fromMs, toMs }: { fromMs: number; toMs: number | null },
  { intervalMs, burst }: { intervalMs: number; burst: number },
  deps: JournalDeps,
  signal: AbortSignal,
): Promise<number | null> {
  if (intervalMs === 0 || burst === 0 || burst > maxCounted) return null;
  // The lines that used up the limit may have arrived up to one interval before the range.
  const since = `--since=@${((fromMs - intervalMs) / 1000).toFixed(3)}`;
  const range = [since, ...(toMs === null ? [] : [`--until=@${(toMs / 1000).toFixed(3)}`])];
  // Counting with journalctl is much faster than parsing its entries, and there are nearly always fewer lines than the limit.
  if ((await countEntries([...range, `--lines=${burst}`], deps)) < burst) return null;
  const options = [...range, `--lines=${maxCounted}`, "--output-fields=PRIORITY", `_UID=${deps.uid}`];
  const times: number[] = [];
  let foundMs: number | null = null;
  for await (const fields of journalEntries(options, deps, signal)) {
    const atMs = Number(fields.get("__REALTIME_TIMESTAMP")) / 1000;
    times.push(atMs);
    if (atMs - (times[times.length - burst] ?? Number.NEGATIVE_INFINITY) <= intervalMs) foundMs = atMs;
  }
  return foundMs;
}

type Drop = { atMs: number; lines: number };

/** journald reports dropped lines with the first line after the interval, so the search goes one interval beyond the range. */
async function dropsIn(
  { fromMs, toMs }: { fromMs: number; toMs: number | null },
  intervalMs: number,
  deps: JournalDeps,
  signal: AbortSignal,
): Promise<Drop[]> {
  const until = toMs === null ? [] : [`--until=@${((toMs + intervalMs) / 1000).toFixed(3)}`];
  const options = [
    `--since=@${(fromMs / 1000).toFixed(3)}`,
    ...until,
    `--lines=${maxWords}`,
    "--output-fields=MESSAGE",
    `MESSAGE_ID=${suppressed}`,
    "_SYSTEMD_UNIT=systemd-journald.service",
  ];
  const drops: Drop[] = [];
  for await (const fields of journalEntries(options, deps, signal)) {
    const word = v.safeParse(Word, Object.fromEntries(fields));
    const match = word.success ? /^Suppressed (\d{1,15}) messages from (\S+)$/.exec(word.output.MESSAGE) : null;
    if (word.success && match?.[2] === `user@${deps.uid}.service`)
      drops.push({ atMs: Math.floor(word.output.__REALTIME_TIMESTAMP / 1000), lines: Number(match[1]) });
  }
  return drops;
}
