// What journald says of lines it has dropped in a range of time, where its word may be read.
import * as v from "valibot";
import { systemJournalIsReadable } from "./journal-notices.ts";
import type { JournalDeps } from "./journalctl.ts";
import { journalEntries } from "./journalctl.ts";
import { journaldConf } from "./journald-conf.ts";

/** "Suppressed N messages from UNIT", sd-messages(3). */
const suppressed = "a596d6fe7bfa4994828e72309e95d61e";
const maxWords = 10_000;

const Word = v.object({
  __REALTIME_TIMESTAMP: v.pipe(v.string(), v.regex(/^\d{1,16}$/), v.transform(Number)),
  MESSAGE: v.string(),
});

/** A sentence on gaps from `fromMs` to `toMs`, null where there are none. It cannot say of which service: the limit is on all of the user's. */
export async function pastGapNotice(
  range: { fromMs: number; toMs: number | null },
  deps: JournalDeps,
  signal: AbortSignal,
): Promise<string | null> {
  const { limit } = journaldConf(deps.uid);
  if (!systemJournalIsReadable()) {
    if (limit.intervalMs === 0 || limit.burst === 0) return null;
    return "Gaps cannot be excluded: journald drops lines beyond its rate limit, and says so only to root and the groups adm and systemd-journal.";
  }
  const drops = await dropsIn(range, limit.intervalMs, deps, signal);
  const last = drops.at(-1);
  if (last === undefined) return null;
  const lines = drops.reduce((sum, drop) => sum + drop.lines, 0);
  const told = new Date(last.atMs).toISOString();
  const times = drops.length === 1 ? `as it said at ${told}` : `in ${drops.length} gaps, the last one told at ${told}`;
  return `Lines are missing: journald dropped ${lines} of this user's services, ${times}.`;
}

type Drop = { atMs: number; lines: number };

/** Its word comes with the first line after the interval, so for the end of the range it is looked for a little later. */
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
