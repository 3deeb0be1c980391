// Reads the configuration of journald that decides whether a line is kept, in the files where journald reads it: storage and
// rate limit.
import { readlinkSync } from "node:fs";
import { join } from "node:path";
import { exec } from "../../base/exec.ts";

export type RateLimit = { intervalMs: number; burst: number };
/** `maxUse` as written in the file; null where it is not set. */
export type JournaldConf = { storage: string; maxUse: string | null; limit: RateLimit };

/** The limit on all services of the user together, as for journald they are one unit: user@UID.service. Zero means no limit. */
export async function journaldConf(uid: number, root = "/"): Promise<JournaldConf> {
  const settings = new Map(settingsOf(await confText(root)));
  const interval = settings.get("RateLimitIntervalSec") ?? settings.get("RateLimitInterval");
  return {
    storage: settings.get("Storage")?.toLowerCase() ?? "auto",
    maxUse: settings.get("SystemMaxUse") ?? null,
    limit: {
      intervalMs: unitLimit(root, "interval", uid) ?? spanMs(interval ?? "") ?? 30_000,
      burst: unitLimit(root, "burst", uid) ?? whole(settings.get("RateLimitBurst") ?? "") ?? 10_000,
    },
  };
}

/**
 * Reads the main file and its drop-ins in the order in which journald reads them; the directories differ between versions of
 * systemd. Without systemd-analyze, or after a file that this user cannot read, the defaults of journald are used for the rest.
 */
async function confText(root: string): Promise<string> {
  const argv = ["systemd-analyze", "--no-pager", `--root=${root}`, "cat-config", "systemd/journald.conf"];
  const env = { ...process.env, SYSTEMD_COLORS: "0" };
  return (await exec(argv, { timeoutMs: 2000, maxBytes: 1024 * 1024, env }).catch(() => null))?.stdout ?? "";
}

function settingsOf(text: string): [string, string][] {
  return text.split("\n").flatMap((line): [string, string][] => {
    const match = /^\s*([A-Za-z]+)\s*=\s*(.*?)\s*$/.exec(line);
    return match?.[1] === undefined || match[2] === undefined ? [] : [[match[1], match[2]]];
  });
}

const spans: Record<string, number> = {
  "": 1000,
  us: 0.001,
  ms: 1,
  s: 1000,
  sec: 1000,
  second: 1000,
  seconds: 1000,
  m: 60_000,
  min: 60_000,
  minute: 60_000,
  minutes: 60_000,
  h: 3_600_000,
  hr: 3_600_000,
  hour: 3_600_000,
  hours: 3_600_000,
  d: 86_400_000,
  day: 86_400_000,
  days: 86_400_000,
};

/** Parses a time span of systemd.time(7), such as `1min 30s`; null where the text is not a time span. */
export function spanMs(text: string): number | null {
  if (!/^(\s*\d{1,12}(\.\d{1,6})?\s*[a-z]*)+\s*$/.test(text.slice(0, 100))) return null;
  let total = 0;
  for (const [, number, unit] of text.matchAll(/(\d+(?:\.\d+)?)\s*([a-z]*)/g)) total += Number(number) * (spans[unit ?? ""] ?? Number.NaN);
  return Number.isFinite(total) ? total : null;
}

/**
 * `LogRateLimit…=` of user@UID.service: systemd passes it to journald as a symbolic link whose target is the number
 * (microseconds, lines).
 */
function unitLimit(root: string, what: "interval" | "burst", uid: number): number | null {
  try {
    const value = whole(readlinkSync(join(root, `/run/systemd/units/log-rate-limit-${what}:user@${uid}.service`)));
    return value === null || what === "burst" ? value : value / 1000;
  } catch {
    return null;
  }
}

function whole(text: string): number | null {
  return /^\d{1,15}$/.test(text) ? Number(text) : null;
}
