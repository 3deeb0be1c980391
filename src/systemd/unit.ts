// A spec -> the text of its unit; pure.

import { givenUpStatus } from "../backend/ended.ts";
import type { Opening } from "../backend/opening.ts";
import { type Directive, hidesHome, homeIsCovered, sandboxEdition } from "../backend/sandbox.ts";
import { failed } from "../base/errors.ts";
import { quoted } from "../base/text.ts";
import { environmentWith, givenEnvironment, type Spec } from "../service/spec.ts";
import { delayLines } from "./delay.ts";
import { mountCheck, placesOf } from "./mount-check.ts";
import { stderrIdentifier, stdoutIdentifier } from "./names.ts";
import { barePath, bindPath, environmentLine, execWord, unitWord } from "./quote.ts";
import { editionLine, seal } from "./seal.ts";
import { givenUpPath } from "./starts.ts";

export type UnitPlan = {
  spec: Spec;
  /** Program and arguments, the runtime included. */
  argv: string[];
  cwd: string;
  environmentFile: string;
  /** The files that its streams go to; null: the journal. */
  logFiles: { stdout: string; stderr: string } | null;
  directives: Directive[];
  mounts: Pick<Opening, "writable" | "readable" | "optional" | "leads">;
  home: string;
  /** Names the registry that the unit belongs to: its configuration folder. */
  owner: string;
  /** The file that is executed first, and shuts the shell and the program in; null: none. */
  launcher: string | null;
};

const journalSocket = "/run/systemd/journal/stdout";

/** systemd refuses a longer line, LONG_LINE_MAX. */
const maxLineBytes = 1024 * 1024 - 1;

export function unitText(plan: UnitPlan): string {
  const { spec } = plan;
  const lines = [
    "# Made by bs9 from its spec, and made again at will: what is changed here is lost.",
    "[Unit]",
    `Description=${barePath(`${spec.name} (bs9)`)}`,
    "StartLimitIntervalSec=0",
    ...delayLines(spec),
    "",
    "[X-BS9]",
    `Owner=${unitWord(plan.owner)}`,
    ...(spec.sandbox.profile === "off" ? [] : [editionLine(sandboxEdition)]),
    "",
    "[Service]",
    "Type=exec",
    "Slice=bs9.slice",
    `WorkingDirectory=${barePath(plan.cwd)}`,
    `EnvironmentFile=${barePath(plan.environmentFile)}`,
    "UnsetEnvironment=BUN_OPTIONS BUN_BE_BUN",
    `SyslogIdentifier=${stdoutIdentifier(spec.name)}`,
    ...outputs(plan),
    "",
    `Restart=${spec.restart.policy}`,
    "RestartSec=0",
    ...(canGiveUp(spec) ? [`RestartPreventExitStatus=${givenUpStatus}`] : []),
    execStart(plan, {
      checks: `${canGiveUp(spec) ? checkOfGivingUp(spec.name) : ""}${checkOfMounts(plan)}`,
      identifier: plan.logFiles === null ? stderrIdentifier(spec.name) : null,
    }),
    "TimeoutStartSec=60s",
    `TimeoutStopSec=${spec.stopTimeoutMs}ms`,
    "",
    ...limits(spec),
    "",
    ...plan.directives.map(({ name, value }) => `${name}=${value}`),
    ...mounts(plan),
    ...(canGiveUp(spec) && hidesHome(plan.directives) ? [`BindReadOnlyPaths="-%t/${givenUpPath(spec.name)}"`] : []),
    "",
    "[Install]",
    "WantedBy=default.target",
    "",
  ];
  return seal(lines.join("\n"));
}

/**
 * A unit that runs a command once as the service runs: the same environment, folder and sandbox. It has limits of its
 * own, for it counts to no service, and what it prints is for nobody.
 */
export function besideText(plan: Omit<UnitPlan, "owner" | "logFiles">, timeoutMs: number): string {
  return [
    "[Unit]",
    `Description=${barePath(`health check of ${plan.spec.name} (bs9)`)}`,
    "[Service]",
    "Type=oneshot",
    `WorkingDirectory=${barePath(plan.cwd)}`,
    `EnvironmentFile=${barePath(plan.environmentFile)}`,
    "UnsetEnvironment=BUN_OPTIONS BUN_BE_BUN",
    "StandardOutput=null",
    "StandardError=null",
    // Else systemd itself writes two to four lines for each check; how it ended is told to whoever asked for it.
    "LogLevelMax=crit",
    execStart(plan, { checks: checkOfMounts(plan), identifier: null }),
    `TimeoutStartSec=${timeoutMs}ms`,
    // What has not ended by then is not asked to.
    "KillSignal=SIGKILL",
    ...limits(plan.spec),
    ...plan.directives.map(({ name, value }) => `${name}=${value}`),
    ...mounts(plan),
    "",
  ].join("\n");
}

/**
 * Variables that only the program itself may get: those that the shell on the way sets or resets, and those that the
 * dynamic loader, libc, a shell or a program of systemd obeys, which all run before it (ld.so(8), locale(7), gconv: a locale
 * may load code; bash(1), systemd's ENVIRONMENT.md). They are no secrets.
 */
function isForProgramAlone(name: string): boolean {
  return shellsOwn.has(name) || turning.test(name);
}

const turning =
  /^(?:LD_|LC_|LANG|BASH|MALLOC_|SYSTEMD_|SYSTEMCTL_|DBUS_|XDG_|(?:GCONV_PATH|LOCPATH|NLSPATH|GETCONF_DIR|OUTPUT_CHARSET|CHARSET|GLIBC_TUNABLES|RES_OPTIONS|LOCALDOMAIN|HOSTALIASES|POSIXLY_CORRECT|TZ|TZDIR|TMPDIR|CDPATH|FUNCNEST|NOTIFY_SOCKET)$)/;

const shellsOwn = new Set(["PWD", "OLDPWD", "IFS", "SHLVL", "PS4", "ENV", "BASH_ENV"]);

/** The 0600 file that carries the values, which `systemctl show` would tell everyone. `programs` are folders to add to PATH. */
export function environmentText(spec: Spec, programs: string[]): string {
  return Object.entries(environmentWith(spec, programs))
    .filter(([name]) => !isForProgramAlone(name))
    .map(([name, value]) => environmentLine(name, value))
    .join("");
}

/** The files are opened by the user manager, outside of the sandbox. */
function outputs({ logFiles }: UnitPlan): string[] {
  if (logFiles !== null) return [`StandardOutput=append:${barePath(logFiles.stdout)}`, `StandardError=append:${barePath(logFiles.stderr)}`];
  // Without journald systemd goes on with /dev/null; a path, such as that of journald's socket, it would have to open.
  return ["StandardOutput=journal", "StandardError=inherit"];
}

function environmentOfShell(spec: Spec): string {
  const env = givenEnvironment(spec);
  const given = Object.entries(env).filter(([name]) => isForProgramAlone(name));
  const unset = ["PWD", "OLDPWD", "SHLVL"].filter((name) => env[name] === undefined);
  return `unset ${unset.join(" ")};${given.map(([name, value]) => `export ${name}=${quoted(value)};`).join("")}`;
}

/** The check runs before the environment of the app is set: variables such as PATH could change which programs the check runs. */
function checkOfMounts({ spec, mounts: opened, directives, home }: Omit<UnitPlan, "owner" | "logFiles">): string {
  return mountCheck(spec.name, placesOf(opened), directives, home);
}

const canGiveUp = ({ restart }: Spec): boolean => restart.policy !== "no" && restart.max !== null;

/** systemd mounts the file of a service that is given up, and no file otherwise. The folder is that of the user manager. */
const checkOfGivingUp = (name: string): string => `[ -e "$XDG_RUNTIME_DIR/${givenUpPath(name)}" ] && exit ${givenUpStatus}; `;

/** Through the launcher and a shell, which are exec'd away. `checks` run first; `identifier`: stderr goes to the journal under this name. */
function execStart(
  { argv, spec, launcher }: Pick<UnitPlan, "argv" | "spec" | "launcher">,
  { checks, identifier }: { checks: string; identifier: string | null },
): string {
  const run = `${environmentOfShell(spec)} exec "$@"`;
  const script = `${checks}${identifier === null ? run : withStderr(identifier, run)}`;
  const line = `ExecStart=${launcher === null ? "" : `${execWord(launcher)} `}/bin/sh -c ${execWord(script)} sh ${argv.map(execWord).join(" ")}`;
  if (Buffer.byteLength(line) > maxLineBytes) {
    throw failed(
      `the arguments are too long: written in a unit they have ${Buffer.byteLength(line)} bytes, systemd takes ${maxLineBytes}`,
      { hint: "hand them over in a file" },
    );
  }
  return line;
}

/**
 * systemd gives both streams one connection to the journal, where they cannot be told apart, so systemd-cat(1) makes
 * another one for stderr. It keeps descriptor 3, from which a second shell takes stdout back. The process is the program
 * in the end, because each step is exec'd. Where nobody listens for the journal (flag 00010000 in /proc/net/unix), stderr
 * stays where stdout goes: systemd-cat would fail, and a service has to run without journald.
 */
function withStderr(identifier: string, run: string): string {
  const listens = `PATH=/usr/bin:/bin grep -q '00010000 .* ${journalSocket}$' /proc/self/net/unix`;
  const connected = `/usr/bin/systemd-cat --identifier=${quoted(identifier)} /bin/sh -c ${quoted(`exec >&3 3>&-; ${run}`)} sh "$@"`;
  return `if [ -x /usr/bin/systemd-cat ] && ${listens} 2>/dev/null; then exec 3>&1; exec ${connected}; fi; ${run}`;
}

function limits(spec: Spec): string[] {
  const { memoryBytes, cpuPercent, files, tasks } = spec.limits;
  return [
    ...(memoryBytes === null ? [] : [`MemoryMax=${memoryBytes}`]),
    ...(cpuPercent === null ? [] : [`CPUQuota=${cpuPercent}%`]),
    `TasksMax=${tasks}`,
    `LimitNOFILE=${files}`,
  ];
}

function mounts(plan: Pick<UnitPlan, "directives" | "mounts" | "home" | "launcher">): string[] {
  // Without a mount namespace they would be void, and so not so.
  if (!hidesHome(plan.directives)) return [];
  const { writable, readable, optional } = plan.mounts;
  const launcher = plan.launcher === null ? [] : [`BindReadOnlyPaths=${bindPath(plan.launcher)}`];
  return [
    ...(homeIsCovered(plan.home) ? [] : [`TemporaryFileSystem=${bindPath(plan.home)}:ro`]),
    ...launcher,
    ...readable.map((path) => `BindReadOnlyPaths=${bindPath(path)}`),
    ...optional.map((path) => `BindReadOnlyPaths=${bindPath(path, { optional: true })}`),
    ...writable.map((path) => `BindPaths=${bindPath(path)}`),
  ];
}
