// Reports what prevents journald from keeping log lines now; takes a few milliseconds if nothing does.
import { accessSync, constants, existsSync } from "node:fs";
import type { Notice } from "../../backend/notice.ts";
import { exec } from "../../base/exec.ts";
import { readIfThere } from "../../base/files.ts";
import { bootId } from "../../base/proc.ts";
import { isSuppressing } from "./canary.ts";
import type { JournalDeps } from "./journalctl.ts";
import { type JournaldConf, journaldConf } from "./journald-conf.ts";

/**
 * From this number of lines on `logs` checks thoroughly, because journald may run with an older configuration than the files
 * show.
 */
const closeLookLines = 1000;

/** `thorough` (for `logs`) checks from fewer lines on. Under a flood of lines, either check takes more than a second. */
export async function journalNotices(deps: JournalDeps, thorough: boolean): Promise<Notice[]> {
  const conf = await journaldConf(deps.uid);
  const { intervalMs, burst } = conf.limit;
  // journald drops lines only after as many lines as the limit have arrived within the interval, and those can be counted.
  const enough = thorough ? Math.min(closeLookLines, burst) : burst;
  const since = ((Date.now() - intervalMs) / 1000).toFixed(3);
  const limited = intervalMs > 0 && burst > 0;
  const recent = await countEntries([`--since=@${since}`, `--lines=${limited ? enough : 1}`], deps);
  if (recent === 0 && (await countEntries(["--lines=1", `_BOOT_ID=${bootId().replaceAll("-", "")}`], deps)) === 0) {
    const cause = whyNothing(conf, deps.uid);
    // If there is no visible cause, the entries may only have been rotated away. The canary (a test line sent to journald)
    // finds that out, and its entry then counts as an entry of this user.
    if (cause !== null) return [cause];
    return (await isSuppressing(deps).catch(() => false))
      ? [notice("journal-empty", `journald has no readable entry of this user since the boot, ${lost}`, "journalctl --header")]
      : [];
  }
  if (!limited || recent < enough) return [];
  if (!(await isSuppressing(deps).catch(() => false))) return [];
  return [dropping(conf)];
}

// LogRateLimitIntervalSec= in a user unit has no effect, and the value 0 on user@.service does not reach journald either (252).
function dropping({ limit }: JournaldConf): Notice {
  return notice(
    "journal-drops",
    `journald is dropping log lines now: its limit of ${limit.burst} lines in ${limit.intervalMs / 1000} s (more if much of the disk is free) applies to all services of this user together, and they have written more`,
    "put RateLimitIntervalSec=0 under [Journal] into /etc/systemd/journald.conf.d/limit.conf, then: sudo systemctl restart systemd-journald",
  );
}

const notice = (kind: Notice["kind"], what: string, fix: string): Notice => ({ kind, subject: "journald", what, fix });

/** journald reports dropped lines in the system journal, which only root and the groups adm and systemd-journal can read. */
export function systemJournalIsReadable(): boolean {
  return ["/var/log/journal", "/run/log/journal"].some((folder) => mayRead(`${folder}/${machineId()}/system.journal`));
}

/** The number of entries of the user that journalctl finds with these options. Throws where journalctl cannot be run. */
export async function countEntries(options: string[], { uid, env }: JournalDeps): Promise<number> {
  const { stdout } = await exec(
    ["journalctl", "--quiet", "--no-pager", "--output=cat", "--output-fields=PRIORITY", ...options, `_UID=${uid}`],
    { timeoutMs: 5000, env },
  );
  return stdout.split("\n").length - 1;
}

const lost = "so the log lines of services cannot be shown";

/** Explains why the journal has no entry of this user since boot, although the user manager writes some; null where unknown. */
function whyNothing({ storage }: JournaldConf, uid: number): Notice | null {
  if (!existsSync("/run/systemd/journal/socket")) {
    const start = "sudo systemctl start systemd-journald.socket systemd-journald";
    return notice("journal-down", `journald does not run on this machine, ${lost}`, start);
  }
  const keep = "set Storage=persistent in /etc/systemd/journald.conf, then: sudo systemctl restart systemd-journald";
  if (storage === "none") return notice("journal-off", `journald keeps nothing (Storage=none in journald.conf), ${lost}`, keep);
  if (!systemJournalIsReadable()) {
    // systemd #2744: journald keeps no separate journals of users in /run.
    if (!existsSync(`/var/log/journal/${machineId()}`))
      return notice("journal-unreadable", `journald keeps log lines in memory only, where this user may not read them, ${lost}`, keep);
    // systemd #23679
    const unread = `journald keeps no separate journal for users with a uid below 1000, and this user may not read the system journal, ${lost}`;
    if (uid < 1000) return notice("journal-unreadable", unread, 'sudo usermod -aG systemd-journal "$(id -un)"');
  }
  return null;
}

function machineId(): string {
  return readIfThere("/etc/machine-id")?.trim() ?? "";
}

function mayRead(path: string): boolean {
  try {
    accessSync(path, constants.R_OK);
    return true;
  } catch {
    return false;
  }
}
