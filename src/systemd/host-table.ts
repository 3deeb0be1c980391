// All findings of doctor about this host: systemd, the user manager, control groups and journald.
import { row } from "../backend/finding.ts";
import { harmless } from "../base/text.ts";
import type { User } from "../base/user.ts";
import type { RateLimit } from "./journal/journald-conf.ts";

const oldLinesGo = "old log lines are deleted early";
const restartJournald = "sudo systemctl restart systemd-journald";

/** Each row makes a finding from its subject. */
export const hostTable = {
  systemd: row(
    "systemd",
    "error",
    "this machine is not run by systemd",
    "services run as systemd user units",
    "start the machine with systemd as PID 1",
  ),
  oldSystemd: row<{ version: number; oldest: number }>(
    "systemd-version",
    "warning",
    ({ version, oldest }) => `systemd ${version} is older than ${oldest}`,
    "bs9 is not tested with this version; parts of the sandbox may be missing",
    "upgrade the system",
  ),
  userManager: row<{ user: User; runs: boolean; words: string; lingers: boolean }>(
    "user-manager",
    "error",
    ({ user, runs, words }) => `the systemd user manager of ${user.name} ${runs ? `does not answer${words}` : "does not run"}`,
    "the user manager runs the services, and no service can be started without it",
    ({ user, lingers }) => (lingers ? `sudo systemctl restart user@${user.uid}.service` : `sudo loginctl enable-linger ${user.name}`),
  ),
  linger: row<User>(
    "linger",
    "error",
    ({ name }) => `lingering is not enabled for ${name}`,
    "the services end with the last session of this user, and do not start at boot",
    ({ name }) => `sudo loginctl enable-linger ${name}`,
  ),
  controllers: row<{ uid: number; missing: string[]; isDelegation: boolean }>(
    "controllers",
    "warning",
    ({ missing }) => `the user manager has no ${missing.join(", ")} controller`,
    "limits that need it are not in force (status shows which), and figures that need it are missing",
    ({ uid, isDelegation }) =>
      isDelegation
        ? `sudo mkdir -p /etc/systemd/system/user@.service.d && printf '[Service]\\nDelegate=cpu cpuset io memory pids\\n' | sudo tee /etc/systemd/system/user@.service.d/delegate.conf && sudo systemctl daemon-reload && sudo systemctl restart user@${uid}.service`
        : "boot with systemd.unified_cgroup_hierarchy=1, or, in a container, give it a cgroup with these controllers",
  ),

  unknownComeback: row<{ look: string }>(
    "comes-back",
    "warning",
    "bs9 cannot tell whether systemd restarts the user manager after it is killed",
    ({ look }) => `${look} prints nothing`,
    ({ look }) => look,
  ),
  lateComeback: row<{ delay: string; mend: string }>(
    "comes-back",
    "warning",
    ({ delay }) => `systemd restarts the user manager only ${harmless(delay)} after it is killed`,
    "all services are down until then",
    ({ mend }) => mend,
  ),
  killedAtLogout: row<{ version: string; user: string; state: string; mend: string }>(
    "comes-back",
    "error",
    ({ version, user, state }) =>
      `systemd ${version} may kill the user manager of ${harmless(user)}, and all services with it, at the last logout${state}`,
    "versions from 255 up to 256.2 do so even if lingering is enabled (systemd issue 43361); bs9 cannot tell whether this package contains the fix of 256.3",
    ({ mend }) => mend,
  ),
  noComeback: row<{ state: string; mend: string }>(
    "comes-back",
    "warning",
    ({ state }) => `systemd does not restart the user manager after it is killed${state}`,
    "if the user manager is killed (when memory runs out, for example), all services end and stay down until root starts it again",
    ({ mend }) => mend,
  ),

  journalVolatile: row<{ folder: string }>(
    "journal-volatile",
    "warning",
    "journald keeps log lines in memory only",
    "the logs of services are lost at a reboot",
    ({ folder }) =>
      `sudo mkdir -p ${folder} /etc/systemd/journald.conf.d && printf '[Journal]\\nStorage=persistent\\n' | sudo tee /etc/systemd/journald.conf.d/storage.conf && ${restartJournald}`,
  ),
  journalQuota: row<{ maxUse: string }>(
    "journal-quota",
    "note",
    ({ maxUse }) => `journald may use ${maxUse} on disk`,
    oldLinesGo,
    `raise SystemMaxUse= in /etc/systemd/journald.conf, then: ${restartJournald}`,
  ),
  journalDisk: row<{ folder: string; free: number; keptFree: number }>(
    "journal-quota",
    "note",
    ({ folder, free, keptFree }) => `${folder} is ${Math.round((1 - free) * 100)}% full, and journald leaves ${keptFree * 100}% free`,
    oldLinesGo,
    ({ folder }) => `df -h ${folder}`,
  ),
  journalRateLimit: row<RateLimit>(
    "journal-rate-limit",
    "note",
    ({ burst, intervalMs }) =>
      `journald accepts at most ${burst} lines in ${intervalMs / 1000} s from all services together (more if much of the disk is free)`,
    "if one service logs too much, journald drops lines of the others too; bs9 logs says when that happens",
    `sudo mkdir -p /etc/systemd/journald.conf.d && printf '[Journal]\\nRateLimitIntervalSec=0\\n' | sudo tee /etc/systemd/journald.conf.d/limit.conf && ${restartJournald}`,
  ),
};
