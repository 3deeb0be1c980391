// Finds what a host lacks for services of this user: a running user manager, linger, its automatic restart, cgroup controllers.

import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { isBooted } from "../backend/detect.ts";
import { type Finding, plainFix } from "../backend/finding.ts";
import { failed } from "../base/errors.ts";
import { exec } from "../base/exec.ts";
import { harmless } from "../base/text.ts";
import { currentUser, type User } from "../base/user.ts";
import { cgroupRoot } from "../metrics/cgroup.ts";
import { enableLinger, lingers } from "./bus/linger.ts";
import { findRuntimeDir } from "./bus/reach.ts";
import { comesBackFindings, comesBackProperties, dropIn, type UserManagerUnit, versionOf } from "./comes-back.ts";
import { hostTable } from "./host-table.ts";
import { journalFindings } from "./journal/findings.ts";

type Env = Record<string, string | undefined>;

const oldestVersion = 250;

/** Only reads, and opens no network connection. */
export async function hostFindings(env: Env): Promise<Finding[]> {
  if (!isBooted()) return [hostTable.systemd()];
  const user = currentUser();
  const [ofUser, { unit, release }, journal] = await Promise.all([reachable(env, user), shownUnit(user), journalFindings(user.uid, env)]);
  return [
    ...ofUser,
    ...lingering(user, env),
    ...comesBackFindings(user.name, user.uid, unit, release),
    ...controllers(user),
    ...version(release),
    ...journal,
  ];
}

async function reachable(env: Env, user: User): Promise<Finding[]> {
  const runtimeDir = findRuntimeDir(env, user.uid);
  const asked =
    runtimeDir === null
      ? null
      : await exec(["systemctl", "--user", "--no-pager", "show", "--property=Version"], {
          timeoutMs: 3000,
          env: { ...env, XDG_RUNTIME_DIR: runtimeDir, DBUS_SESSION_BUS_ADDRESS: `unix:path=${runtimeDir}/bus` },
        }).catch(() => null);
  if (asked?.exitCode === 0) return [];
  const words = asked === null ? "" : `: ${harmless(asked.stderr.trim().split("\n")[0] ?? "")}`;
  const fix = runtimeDir === null && !lingers(user.name) ? plainFix(() => linger(user, env)) : null;
  return [hostTable.userManager({ user, runs: runtimeDir !== null, words, lingers: lingers(user.name) }, fix)];
}

function lingering(user: User, env: Env): Finding[] {
  return lingers(user.name)
    ? []
    : [
        hostTable.linger(
          user,
          plainFix(() => linger(user, env)),
        ),
      ];
}

async function linger(user: User, env: Env): Promise<string> {
  if (!(await enableLinger(user.uid, env)))
    throw failed("only root can enable lingering on this host", { hint: `sudo loginctl enable-linger ${user.name}` });
  for (let waited = 0; findRuntimeDir(env, user.uid) === null && waited < 5000; waited += 50) await Bun.sleep(50);
  return `lingering is enabled for ${user.name}`;
}

const needed = ["cpu", "memory", "pids"];

function controllers({ uid }: User): Finding[] {
  const ofUser = controllersIn(join(cgroupRoot(), `user.slice/user-${uid}.slice/user@${uid}.service`));
  if (ofUser === null) return [];
  const missing = needed.filter((name) => !ofUser.includes(name));
  if (missing.length === 0) return [];
  const ofMachine = controllersIn(cgroupRoot()) ?? [];
  const isDelegation = missing.every((name) => ofMachine.includes(name));
  return [hostTable.controllers({ uid, missing, isDelegation })];
}

function controllersIn(folder: string): string[] | null {
  try {
    return readFileSync(join(folder, "cgroup.controllers"), "utf8").trim().split(/\s+/);
  } catch {
    return null;
  }
}

function version(release: string): Finding[] {
  const number = versionOf(release)?.major ?? oldestVersion;
  return number >= oldestVersion ? [] : [hostTable.oldSystemd({ version: number, oldest: oldestVersion })];
}

/** The values that systemd has loaded, which may differ from the files on disk. */
async function shownUnit({ uid }: User): Promise<{ unit: UserManagerUnit; release: string }> {
  const run = (words: string[]) => exec(["systemctl", "--no-pager", ...words], { timeoutMs: 5000 }).catch(() => null);
  const [shown, release] = await Promise.all([
    run(["show", `--property=${comesBackProperties.join(",")}`, `user@${uid}.service`]),
    run(["--version"]),
  ]);
  const lines = (shown?.stdout ?? "").split("\n").filter((line) => line.includes("="));
  const properties = new Map(lines.map((line) => [line.slice(0, line.indexOf("=")), line.slice(line.indexOf("=") + 1)]));
  return { unit: { properties, isWritten: existsSync(dropIn) }, release: release?.stdout.split("\n")[0] ?? "" };
}
