// Finds what prevents log lines from being kept, now or later: storage, quota, rate limit.
import { existsSync, statfsSync } from "node:fs";
import type { Finding } from "../backend/finding.ts";
import type { Notice } from "../backend/notice.ts";
import { parseBytes } from "../base/quantities.ts";
import { journalNotices } from "./journal-notices.ts";
import { type JournaldConf, journaldConf } from "./journald-conf.ts";

type Env = Record<string, string | undefined>;

const kept = "/var/log/journal";
const smallBytes = 100 * 1024 * 1024;
/** journald.conf(5): the default of SystemKeepFree= is 15 %. */
const keptFree = 0.15;

export async function journalFindings(uid: number, env: Env): Promise<Finding[]> {
  const conf = journaldConf(uid);
  const notices = await journalNotices({ uid, env }, false).catch(() => []);
  const now = notices.map(fromNotice);
  return [...now, ...(now.length > 0 ? [] : volatile(conf)), ...quota(conf), ...rateLimit(conf)];
}

function fromNotice({ what, fix }: Notice): Finding {
  return { id: "journal", severity: "error", what, why: "bs9 logs shows what journald has", mend: fix ?? "journalctl --header", fix: null };
}

function volatile({ storage }: JournaldConf): Finding[] {
  const isKept = storage === "persistent" || (storage === "auto" && existsSync(kept));
  if (isKept) return [];
  return [
    {
      id: "journal-volatile",
      severity: "warning",
      what: "journald keeps log lines in memory only",
      why: "the logs of services are gone after a reboot",
      mend: `sudo mkdir -p ${kept} /etc/systemd/journald.conf.d && printf '[Journal]\\nStorage=persistent\\n' | sudo tee /etc/systemd/journald.conf.d/storage.conf && sudo systemctl restart systemd-journald`,
      fix: null,
    },
  ];
}

function quota({ maxUse }: JournaldConf): Finding[] {
  const bytes = maxUse === null ? null : bytesOf(maxUse);
  const finding = (what: string, mend: string): Finding => ({
    id: "journal-quota",
    severity: "note",
    what,
    why: "old log lines go early",
    mend,
    fix: null,
  });
  if (bytes !== null && bytes < smallBytes)
    return [
      finding(
        `journald may use ${maxUse} on disk`,
        "raise SystemMaxUse= in /etc/systemd/journald.conf, then: sudo systemctl restart systemd-journald",
      ),
    ];
  const free = freeShare(kept);
  return free !== null && free < keptFree
    ? [finding(`${kept} is ${Math.round((1 - free) * 100)}% full, and journald leaves ${keptFree * 100}% free`, `df -h ${kept}`)]
    : [];
}

function rateLimit({ limit }: JournaldConf): Finding[] {
  if (limit.intervalMs === 0 || limit.burst === 0) return [];
  return [
    {
      id: "journal-rate-limit",
      severity: "note",
      what: `journald takes at most ${limit.burst} lines in ${limit.intervalMs / 1000} s of all services together (more where much of the disk is free)`,
      why: "a noisy service silences its neighbours; bs9 logs says when it happens",
      mend: "sudo mkdir -p /etc/systemd/journald.conf.d && printf '[Journal]\\nRateLimitIntervalSec=0\\n' | sudo tee /etc/systemd/journald.conf.d/limit.conf && sudo systemctl restart systemd-journald",
      fix: null,
    },
  ];
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
