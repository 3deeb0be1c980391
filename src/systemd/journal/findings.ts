// Finds what prevents log lines from being kept, now or later: storage, quota, rate limit.
import { existsSync, statfsSync } from "node:fs";
import type { Finding } from "../../backend/finding.ts";
import type { Notice } from "../../backend/notice.ts";
import { parseBytes } from "../../base/quantities.ts";
import { hostTable } from "../host-table.ts";
import { type JournaldConf, journaldConf } from "./journald-conf.ts";
import { journalNotices } from "./notices.ts";

type Env = Record<string, string | undefined>;

const kept = "/var/log/journal";
const smallBytes = 100 * 1024 * 1024;
/** journald.conf(5): the default of SystemKeepFree= is 15 %. */
const keptFree = 0.15;

export async function journalFindings(uid: number, env: Env): Promise<Finding[]> {
  const conf = await journaldConf(uid);
  const notices = await journalNotices({ uid, env }, false).catch(() => []);
  const now = notices.map(fromNotice);
  return [...now, ...(now.length > 0 ? [] : volatile(conf)), ...quota(conf), ...rateLimit(conf)];
}

function fromNotice({ what, fix }: Notice): Finding {
  return {
    id: "journal",
    severity: "error",
    what,
    why: "bs9 logs can show only the lines that journald has",
    mend: fix ?? "journalctl --header",
    fix: null,
  };
}

function volatile({ storage }: JournaldConf): Finding[] {
  const isKept = storage === "persistent" || (storage === "auto" && existsSync(kept));
  return isKept ? [] : [hostTable.journalVolatile({ folder: kept })];
}

function quota({ maxUse }: JournaldConf): Finding[] {
  const bytes = maxUse === null ? null : bytesOf(maxUse);
  if (maxUse !== null && bytes !== null && bytes < smallBytes) return [hostTable.journalQuota({ maxUse })];
  const free = freeShare(kept);
  return free !== null && free < keptFree ? [hostTable.journalDisk({ folder: kept, free, keptFree })] : [];
}

function rateLimit({ limit }: JournaldConf): Finding[] {
  return limit.intervalMs === 0 || limit.burst === 0 ? [] : [hostTable.journalRateLimit(limit)];
}

function freeShare(path: string): number | null {
  try {
    const { bavail, blocks } = statfsSync(path);
    return blocks === 0 ? null : bavail / blocks;
  } catch {
    return null;
  }
}

function bytesOf(text: string): number | null {
  try {
    return parseBytes(text, "SystemMaxUse");
  } catch {
    return null;
  }
}
