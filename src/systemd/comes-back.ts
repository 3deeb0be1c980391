// Decides whether systemd starts the user manager, and with it all services, again after it was killed. Pure.
import type { Finding } from "../backend/finding.ts";
import { harmless } from "../base/text.ts";
import { hostTable } from "./host-table.ts";

/** The properties of user@UID.service that `systemctl show` prints, and whether the drop-in below is on disk. */
export type UserManagerUnit = {
  properties: ReadonlyMap<string, string>;
  isWritten: boolean;
};

export const comesBackProperties = ["Restart", "RestartUSec", "DropInPaths", "NeedDaemonReload"];
export const dropIn = "/etc/systemd/system/user@.service.d/bs9.conf";

const install = `sudo mkdir -p /etc/systemd/system/user@.service.d && printf '[Service]\\nRestart=always\\nRestartSec=100ms\\n' | sudo tee ${dropIn} && sudo systemctl daemon-reload`;

/** The values of Restart= that start a unit again after a SIGKILL (systemd.service(5), table 1). */
const afterKill = new Set(["always", "on-failure", "on-abnormal", "on-abort"]);
const slowMs = 5000;

/**
 * The findings about the user manager with this unit, on a host where `systemctl --version` prints `release`. The list is empty
 * where the loaded unit starts the user manager again within 5 s.
 */
export function comesBackFindings(user: string, uid: number, { properties, isWritten }: UserManagerUnit, release: string): Finding[] {
  const restart = properties.get("Restart");
  const look = `systemctl show --property=${comesBackProperties.join(",")} user@${uid}.service`;
  if (restart === undefined) return [hostTable.unknownComeback({ look })];
  if (afterKill.has(restart)) {
    const delay = properties.get("RestartUSec") ?? "";
    return delayMs(delay) <= slowMs ? [] : [hostTable.lateComeback({ delay, mend: install })];
  }
  const isLoaded = (properties.get("DropInPaths") ?? "").split(" ").includes(dropIn);
  const mustReload = isWritten && (!isLoaded || properties.get("NeedDaemonReload") === "yes");
  const state = mustReload
    ? `; ${dropIn} exists, but systemd has not loaded it`
    : isLoaded
      ? `; ${dropIn} is loaded, but another drop-in sets Restart=${harmless(restart)}`
      : "";
  const mend = mustReload
    ? "sudo systemctl daemon-reload"
    : isLoaded
      ? `find the other drop-in: systemctl cat user@${uid}.service`
      : install;
  const version = versionOf(release);
  return version !== null && killsAtLogout(version)
    ? [hostTable.killedAtLogout({ version: version.text, user, state, mend })]
    : [hostTable.noComeback({ state, mend })];
}

type Version = { major: number; minor: number; text: string };

/**
 * The version in the first line of `systemctl --version` (`systemd 255 (255.4-1ubuntu8.6)`); null where the line has another
 * form.
 */
export function versionOf(release: string): Version | null {
  const [, major, packaged = ""] = /^systemd (\d+)(?: \(v?([^)]*)\))?/.exec(release) ?? [];
  if (major === undefined) return null;
  const minor = new RegExp(`^${major}\\.(\\d+)`).exec(packaged)?.[1] ?? null;
  return { major: Number(major), minor: Number(minor ?? 0), text: minor === null ? major : `${major}.${minor}` };
}

/** https://github.com/systemd/systemd/issues/43361: introduced in 255, fixed in 256.3. */
function killsAtLogout({ major, minor }: Version): boolean {
  return major === 255 || (major === 256 && minor < 3);
}

const unitMs: Record<string, number> = { us: 0.001, ms: 1, s: 1000, min: 60_000, h: 3_600_000, d: 86_400_000 };

/** Parses a time span as `systemctl show` prints it, such as `1min 30s` (systemd.time(7)); infinity where it cannot be parsed. */
function delayMs(text: string): number {
  const parts = text.split(" ").map((word) => /^(\d+)([a-z]+)$/.exec(word));
  return (
    parts.reduce((sum, part) => sum + Number(part?.[1]) * (unitMs[part?.[2] ?? ""] ?? Number.POSITIVE_INFINITY), 0) ||
    (text === "0" ? 0 : Number.POSITIVE_INFINITY)
  );
}
