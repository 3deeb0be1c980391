// A spec -> the text of its unit; pure.

import { cacheInHome } from "../../backend/directories.ts";
import { givenUpStatus } from "../../backend/ended.ts";
import { type Directive, hidesHome, homeIsCovered, sandboxEdition } from "../../backend/sandbox.ts";
import { failed } from "../../base/errors.ts";
import { environmentWith, givenEnvironment, type Spec } from "../../service/spec.ts";
import type { Mounted } from "../sandbox/mount-check.ts";
import { delayLines } from "./delay.ts";
import { stdoutIdentifier } from "./names.ts";
import { barePath, bindPath, environmentLine, execWord, unitWord } from "./quote.ts";
import { editionLine, seal } from "./seal.ts";
import { canGiveUp, givenUpPath } from "./starts.ts";

export type UnitPlan = {
  spec: Spec;
  /** Program and arguments, the runtime included. */
  argv: string[];
  cwd: string;
  environmentFile: string;
  /** The files that its streams go to; null: the journal. */
  logFiles: { stdout: string; stderr: string } | null;
  directives: Directive[];
  mounts: Mounted;
  home: string;
  /** Names the registry that the unit belongs to: its configuration folder. */
  owner: string;
  /** The file that is executed first, and then executes the program. */
  launcher: string;
};

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
    unsetEnvironment(spec),
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
    unsetEnvironment(plan.spec),
    "StandardOutput=null",
    "StandardError=null",
    // Else systemd itself writes two to four lines for each check; how it ended is told to whoever asked for it.
    "LogLevelMax=crit",
    execStart(plan),
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
 * The 0600 file that carries the values, which `systemctl show` would tell everyone. `programs` are folders to add to PATH,
 * `cache` is where the service finds its cache if that is not ~/.cache.
 */
export function environmentText(spec: Spec, programs: string[], cache: string | null): string {
  const own = cache === null ? "" : environmentLine("XDG_CACHE_HOME", cache);
  const given = Object.entries(environmentWith(spec, programs))
    .map(([name, value]) => environmentLine(name, value))
    .join("");
  return own + given;
}

/** The files are opened by the user manager, outside of the sandbox. */
function outputs({ logFiles }: UnitPlan): string[] {
  if (logFiles !== null) return [`StandardOutput=append:${barePath(logFiles.stdout)}`, `StandardError=append:${barePath(logFiles.stderr)}`];
  // Without journald systemd goes on with /dev/null; a path, such as that of journald's socket, it would have to open.
  return ["StandardOutput=journal", "StandardError=inherit"];
}

/** The user manager may have taken on variables of a shell that are not true of the service. */
function unsetEnvironment(spec: Spec): string {
  const env = givenEnvironment(spec);
  const ofShell = ["PWD", "OLDPWD", "SHLVL"].filter((name) => env[name] === undefined);
  return `UnsetEnvironment=${["BUN_OPTIONS", "BUN_BE_BUN", ...ofShell].join(" ")}`;
}

function execStart({ argv, launcher }: Pick<UnitPlan, "argv" | "launcher">): string {
  const line = `ExecStart=${[launcher, ...argv].map(execWord).join(" ")}`;
  if (Buffer.byteLength(line) > maxLineBytes) {
    throw failed(
      `the arguments are too long: written in a unit they have ${Buffer.byteLength(line)} bytes, systemd takes ${maxLineBytes}`,
      { hint: "hand them over in a file" },
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
  // Without a mount namespace they would be void, and so not so.
  if (!hidesHome(plan.directives)) return [];
  const { writable, readable, optional, cache } = plan.mounts;
  return [
    ...(homeIsCovered(plan.home) ? [] : [`TemporaryFileSystem=${bindPath(plan.home)}:ro`]),
    `BindReadOnlyPaths=${bindPath(plan.launcher)}`,
    ...readable.map((path) => `BindReadOnlyPaths=${bindPath(path)}`),
    ...optional.map((path) => `BindReadOnlyPaths=${bindPath(path, { optional: true })}`),
    // Absent where somebody has removed it: then ~/.cache takes no writes, and the service starts all the same.
    ...(cache === null ? [] : [`BindPaths=${bindPath(cache, { optional: true })}:${bindPath(cacheInHome(plan.home))}`]),
    ...writable.map((path) => `BindPaths=${bindPath(path)}`),
  ];
}
