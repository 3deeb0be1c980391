// All findings of doctor about this host: systemd, the user manager, control groups and journald.
import { row } from "../backend/finding.ts";
import { harmless } from "../base/text.ts";
import type { User } from "../base/user.ts";
import type { RateLimit } from "./journal/journald-conf.ts";

const oldLinesGo = "old log lines go early";
const restartJournald = "sudo systemctl restart systemd-journald";

/** Each row makes a finding from its subject. */
export const hostTable = {
  systemd: row(
    "systemd",
    "error",
    "this machine is not run by systemd",
    "services run as systemd user units",
    "start it with systemd as PID 1",
  ),
  oldSystemd: row<{ version: number; oldest: number }>(
    "systemd-version",
    "warning",
    ({ version, oldest }) => `systemd ${version} is older than ${oldest}`,
    "bs9 is not tested with it; parts of the sandbox may be missing",
    "upgrade the system",
  ),
  userManager: row<{ user: User; runs: boolean; words: string; lingers: boolean }>(
    "user-manager",
    "error",
    ({ user, runs, words }) => `the systemd user manager of ${user.name} ${runs ? `does not answer${words}` : "does not run"}`,
    "it runs the services, and nothing can be started without it",
    ({ user, lingers }) => (lingers ? `sudo systemctl restart user@${user.uid}.service` : `sudo loginctl enable-linger ${user.name}`),
  ),
  linger: row<User>(
    "linger",
    "error",
    ({ name }) => `${name} does not linger`,
    "its services end with its last session, and do not start at boot",
    ({ name }) => `sudo loginctl enable-linger ${name}`,
  ),
  controllers: row<{ uid: number; missing: string[]; isDelegation: boolean }>(
    "controllers",
    "warning",
    ({ missing }) => `the user manager has no ${missing.join(", ")} controller`,
    "limits and figures that need it are not in force (status shows which)",
    ({ uid, isDelegation }) =>
      isDelegation
        ? `sudo mkdir -p /etc/systemd/system/user@.service.d && printf '[Service]\\nDelegate=cpu cpuset io memory pids\\n' | sudo tee /etc/systemd/system/user@.service.d/delegate.conf && sudo systemctl daemon-reload && sudo systemctl restart user@${uid}.service`
        : "boot with systemd.unified_cgroup_hierarchy=1, or, in a container, give it a cgroup with these controllers",
  ),

  unknownComeback: row<{ look: string }>(
    "comes-back",
    "warning",
    "it cannot be seen whether the user manager comes back when it is killed",
    ({ look }) => `${look} prints nothing`,
    ({ look }) => look,
  ),
  lateComeback: row<{ delay: string; mend: string }>(
    "comes-back",
    "warning",
    ({ delay }) => `the user manager comes back only ${harmless(delay)} after it was killed`,
    "all services are down until then",
    ({ mend }) => mend,
  ),
  killedAtLogout: row<{ version: string; user: string; state: string; mend: string }>(
    "comes-back",
    "error",
    ({ version, user, state }) =>
      `systemd ${version} may kill the user manager of ${harmless(user)}, and all services with it, at the last logout${state}`,
    "versions from 255 up to 256.2 do so although the user lingers (systemd issue 43361); whether this package has the correction of 256.3 cannot be seen",
    ({ mend }) => mend,
  ),
  noComeback: row<{ state: string; mend: string }>(
    "comes-back",
    "warning",
    ({ state }) => `the user manager does not come back when it is killed${state}`,
    "all services would be gone with it (out of memory, say) until root starts it again",
    ({ mend }) => mend,
  ),

  journalVolatile: row<{ folder: string }>(
    "journal-volatile",
    "warning",
    "journald keeps log lines in memory only",
    "the logs of services are gone after a reboot",
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
      `journald takes at most ${burst} lines in ${intervalMs / 1000} s of all services together (more where much of the disk is free)`,
    "a noisy service silences its neighbours; bs9 logs says when it happens",
    `sudo mkdir -p /etc/systemd/journald.conf.d && printf '[Journal]\\nRateLimitIntervalSec=0\\n' | sudo tee /etc/systemd/journald.conf.d/limit.conf && ${restartJournald}`,
  ),
};
