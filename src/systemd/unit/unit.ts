// Makes the text of a unit from a spec. Pure.

import { cacheInHome } from "../../backend/directories.ts";
import { givenUpStatus } from "../../backend/ended.ts";
import type { Opening } from "../../backend/opening.ts";
import { type Directive, hidesHome, homeIsCovered, sandboxEdition } from "../../backend/sandbox.ts";
import { failed } from "../../base/errors.ts";
import type { Injection } from "../../injectors/injection.ts";
import { environmentWith, givenEnvironment, type Spec } from "../../service/spec.ts";
import type { Mounted } from "../sandbox/mount-check.ts";
import { onFailureLine } from "./alert-unit.ts";
import { canGiveUp, delayLines } from "./delay.ts";
import { stdoutIdentifier } from "./names.ts";
import { barePath, bindPath, environmentLine, execWord, unitWord } from "./quote.ts";
import { editionLine, seal } from "./seal.ts";
import { givenUpPath, socketsPath } from "./starts.ts";

export type UnitPlan = {
  spec: Spec;
  /** The program and its arguments, including the runtime. */
  argv: string[];
  cwd: string;
  environmentFile: string;
  /** The files for stdout and stderr; null: the journal. */
  logFiles: { stdout: string; stderr: string } | null;
  directives: Directive[];
  mounts: Mounted & Pick<Opening, "sockets">;
  injection: Injection | null;
  home: string;
  /** Identifies the registry that the unit belongs to by its configuration directory. */
  owner: string;
  /** The launcher: the file that systemd executes first, and which then executes the program. */
  launcher: string;
};

/** Sockets take inodes and no space; a size of 0 would mean no limit (tmpfs(5)). */
const socketMount = "mode=0700,size=64k,nr_inodes=512,noexec,nosuid";

/** systemd refuses a longer line (LONG_LINE_MAX). */
const maxLineBytes = 1024 * 1024 - 1;

export function unitText(plan: UnitPlan): string {
  const { spec } = plan;
  const lines = [
    "# Made by bs9 from its spec, and made again at will: what is changed here is lost.",
    "[Unit]",
    `Description=${barePath(`${spec.name} (bs9)`)}`,
    "StartLimitIntervalSec=0",
    onFailureLine,
    ...delayLines(spec),
    "",
    "[X-BS9]",
    `Owner=${unitWord(plan.owner)}`,
    ...(spec.sandbox.profile === "off" ? [] : [editionLine(sandboxEdition)]),
    // For a bs9 with another registry, which must not remove this directory.
    ...(plan.injection === null ? [] : [`Preload=${unitWord(`${plan.injection.folder}/`)}`]),
    "",
    "[Service]",
    "Type=exec",
    "Slice=bs9.slice",
    `WorkingDirectory=${barePath(plan.cwd)}`,
    `EnvironmentFile=${barePath(plan.environmentFile)}`,
    unsetEnvironment(spec, plan.injection === null ? [] : ["RUNTIME_DIRECTORY"]),
    ...socketDirectory(plan),
    `SyslogIdentifier=${stdoutIdentifier(spec.name)}`,
    ...outputs(plan),
    "",
    `Restart=${spec.restart.policy}`,
    "RestartSec=0",
    ...(canGiveUp(spec) ? [`RestartPreventExitStatus=${givenUpStatus}`] : []),
    execStart(plan),
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
 * A unit that runs a command once under the conditions of the service: the same environment, directory and sandbox. It has its
 * own copy of the limits, because it does not run in the cgroup of the service. Its output is discarded.
 */
export function besideText(plan: Omit<UnitPlan, "owner" | "logFiles">, timeoutMs: number): string {
  return [
    "[Unit]",
    `Description=${barePath(`health check of ${plan.spec.name} (bs9)`)}`,
    "[Service]",
    "Type=oneshot",
    `WorkingDirectory=${barePath(plan.cwd)}`,
    `EnvironmentFile=${barePath(plan.environmentFile)}`,
    // Without this directory the preload does nothing.
    unsetEnvironment(plan.spec, plan.injection === null ? [] : ["BS9_INJECT_DIR"]),
    "StandardOutput=null",
    "StandardError=null",
    // Without this line systemd writes two to four lines per check into the journal; the result goes to the caller anyway.
    "LogLevelMax=crit",
    execStart(plan),
    `TimeoutStartSec=${timeoutMs}ms`,
    // A health command that has timed out is killed at once, without SIGTERM.
    "KillSignal=SIGKILL",
    ...limits(plan.spec),
    ...plan.directives.map(({ name, value }) => `${name}=${value}`),
    ...mounts(plan),
    "",
  ].join("\n");
}

/**
 * The text of the environment file, which has mode 0600, because `systemctl show` would show values in the unit to everyone.
 * `programs` are directories to add to PATH; `cache` is the cache directory of the service if it is not ~/.cache; `injected` are
 * the variables of the preload.
 */
export function environmentText(
  spec: Spec,
  { programs, cache, injected }: { programs: string[]; cache: string | null; injected: Injection["env"] },
): string {
  const own = cache === null ? "" : environmentLine("XDG_CACHE_HOME", cache);
  const given = Object.entries({ ...environmentWith(spec, programs), ...injected })
    .map(([name, value]) => environmentLine(name, value))
    .join("");
  return own + given;
}

/**
 * The directory for the sockets of the preload, where the service has no mounts: systemd makes it, and removes it when the service
 * ends. Such a service can write the runtime directory of the user anyway, or Landlock lets it make nothing but sockets there.
 */
function socketDirectory({ spec, injection, directives }: UnitPlan): string[] {
  if (injection === null || hidesHome(directives)) return [];
  return [`RuntimeDirectory=${socketsPath(spec.name)}`, "RuntimeDirectoryMode=0700"];
}

/** The user manager opens these files outside the sandbox. */
function outputs({ logFiles }: UnitPlan): string[] {
  if (logFiles !== null) return [`StandardOutput=append:${barePath(logFiles.stdout)}`, `StandardError=append:${barePath(logFiles.stderr)}`];
  // Without journald systemd uses /dev/null for `journal`. A path, such as the socket of journald, would make the start fail.
  return ["StandardOutput=journal", "StandardError=inherit"];
}

/** The user manager may have imported variables from a shell that are wrong for the service. */
function unsetEnvironment(spec: Spec, more: string[]): string {
  const env = givenEnvironment(spec);
  const ofShell = ["PWD", "OLDPWD", "SHLVL", ...more].filter((name) => env[name] === undefined);
  return `UnsetEnvironment=${["BUN_OPTIONS", "BUN_BE_BUN", ...ofShell].join(" ")}`;
}

function execStart({ argv, launcher }: Pick<UnitPlan, "argv" | "launcher">): string {
  const line = `ExecStart=${[launcher, ...argv].map(execWord).join(" ")}`;
  if (Buffer.byteLength(line) > maxLineBytes) {
    throw failed(
      `the arguments are too long: in the unit file they take ${Buffer.byteLength(line)} bytes, and systemd accepts ${maxLineBytes}`,
      { hint: "pass them to the app in a file" },
    );
  }
  return line;
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
  // Without a mount namespace these settings would have no effect, so the unit must not claim them.
  if (!hidesHome(plan.directives)) return [];
  const { writable, readable, optional, cache, sockets } = plan.mounts;
  return [
    ...(homeIsCovered(plan.home) ? [] : [`TemporaryFileSystem=${bindPath(plan.home)}:ro`]),
    `BindReadOnlyPaths=${bindPath(plan.launcher)}`,
    ...readable.map((path) => `BindReadOnlyPaths=${bindPath(path)}`),
    ...optional.map((path) => `BindReadOnlyPaths=${bindPath(path, { optional: true })}`),
    // Optional, so that the service still starts if somebody removed the directory; ~/.cache then accepts no writes.
    ...(cache === null ? [] : [`BindPaths=${bindPath(cache, { optional: true })}:${bindPath(cacheInHome(plan.home))}`]),
    ...writable.map((path) => `BindPaths=${bindPath(path)}`),
    // A file system of its own bounds what a service can write there: the runtime directory of the user is small, and the user
    // manager and D-Bus need it. The agent reaches it through /proc/PID/root.
    ...(sockets === null ? [] : [`TemporaryFileSystem=${bindPath(sockets)}:${socketMount}`]),
  ];
}
