// Runs a probe on this host: a unit with the directives of a service, whose process attempts what they deny.
import { chmodSync, existsSync, lstatSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import * as v from "valibot";
import { rootSockets } from "../../backend/root-sockets.ts";
import { type Directive, hidesHome, homeIsCovered } from "../../backend/sandbox.ts";
import { makeFolder, readIfThere, writeWhole } from "../../base/files.ts";
import type { Paths } from "../../base/paths.ts";
import type { UserManager } from "../bus/reach.ts";
import type { Systemctl } from "../bus/systemctl.ts";
import { barePath, bindPath, execWord } from "../unit/quote.ts";
// @ts-expect-error With `type: "text"` the default export is the text of the file, which TypeScript does not know of.
import attempts from "./attempts.ts" with { type: "text" };

export type ProbeDeps = {
  systemctl: Systemctl;
  reach: UserManager;
  paths: Paths;
  /** Absolute path of a bs9 that acts as Bun under BUN_BE_BUN. */
  runtime: string;
};

const ProbeReport = v.strictObject({
  outcomes: v.record(v.string(), v.string()),
  live: v.strictObject({
    status: v.string(),
    uidMap: v.string(),
    mountinfo: v.string(),
    ns: v.strictObject({ user: v.string(), mnt: v.string(), ipc: v.string(), uts: v.string() }),
  }),
});

export type ProbeReport = v.InferOutput<typeof ProbeReport>;

export type ProbeRun =
  | { kind: "reported"; report: ProbeReport; scratch: string }
  /** The exit status of systemd.exec(5) with which systemd gave up before it executed the program. */
  | { kind: "denied"; status: number }
  | { kind: "broken"; why: string };

const timeoutMs = 10_000;
const leftoverMs = 60_000;
const prefix = "bs9-probe-";

export async function runProbe(directives: Directive[], deps: ProbeDeps): Promise<ProbeRun> {
  await sweep(deps);
  const id = `${prefix}${process.pid}-${Math.random().toString(36).slice(2, 8)}`;
  const unit = `${id}.service`;
  const file = join(unitFolder(deps), unit);
  const scratch = join(deps.paths.cache, id);
  const canaries = canaryFolders.map((folder) => join(folder, id));
  try {
    makeFolder(scratch);
    for (const canary of canaries) writeFileSync(canary, "", { flag: "wx", mode: 0o600 });
    writeFileSync(join(scratch, "attempts.ts"), String(attempts));
    writeFileSync(
      join(scratch, "ask.json"),
      JSON.stringify({ hidden: canaries, unwritable, stranger: process.pid, sockets: socketsOutside(deps.reach.uid) }),
    );
    chmodSync(join(scratch, "ask.json"), 0o600);
    writeWhole(file, probeUnit(directives, scratch, deps), 0o644);
    // The unit name is random: systemd reads a unit it never loaded without a daemon-reload, and unloads it after its end.
    const words = await deps.systemctl.jobs("start", [unit], timeoutMs + 5000);
    const text = readIfThere(join(scratch, "report.json"));
    if (text !== null) return { kind: "reported", report: v.parse(ProbeReport, JSON.parse(text)), scratch };
    return await endOf(unit, words, deps.systemctl);
  } finally {
    rmSync(file, { force: true });
    rmSync(scratch, { recursive: true, force: true });
    for (const canary of canaries) rmSync(canary, { force: true });
    await deps.systemctl.resetFailed([unit]);
  }
}

/** Directories of which a service gets its own, so that a file created there from outside must be invisible. */
const canaryFolders = ["/tmp", "/var/tmp", "/dev/shm"].filter((folder) => existsSync(folder));
const unwritable = ["/usr", "/etc", "/var/lib", "/run", "/run/lock"];

const unitFolder = ({ reach }: ProbeDeps): string => join(reach.runtimeDir, "systemd/user");

function probeUnit(directives: Directive[], scratch: string, { paths, runtime }: ProbeDeps): string {
  const away = hidesHome(directives);
  return [
    "[Unit]",
    "Description=bs9 tries out what this host gives",
    "[Service]",
    "Type=oneshot",
    `WorkingDirectory=${barePath(scratch)}`,
    "Environment=BUN_BE_BUN=1",
    "UnsetEnvironment=BUN_OPTIONS NODE_OPTIONS LD_PRELOAD",
    `ExecStart=${execWord(runtime)} attempts.ts`,
    `TimeoutStartSec=${timeoutMs}ms`,
    // The program of the other ABI is killed on purpose. With 1 not even a dump through a pipe is started (core(5)).
    "LimitCORE=1",
    ...directives.map(({ name, value }) => `${name}=${value}`),
    ...(away && !homeIsCovered(paths.home) ? [`TemporaryFileSystem=${bindPath(paths.home)}:ro`] : []),
    ...(away ? [`BindPaths=${bindPath(scratch)}`, `BindReadOnlyPaths=${bindPath(runtime)}`] : []),
    "",
  ].join("\n");
}

async function endOf(unit: string, words: string, systemctl: Systemctl): Promise<ProbeRun> {
  const shown = (await systemctl.show([unit], ["Result", "ExecMainCode", "ExecMainStatus"])).get(unit);
  const status = Number(shown?.get("ExecMainStatus") ?? 0);
  // Exit statuses from 200 on come from systemd itself.
  if (shown?.get("ExecMainCode") === "1" && status >= 200) return { kind: "denied", status };
  return { kind: "broken", why: `${shown?.get("Result") ?? "no result"}, status ${status}${words === "" ? "" : `: ${words}`}` };
}

/** Removes what a killed bs9 has left behind. */
async function sweep(deps: ProbeDeps): Promise<void> {
  const units: string[] = [];
  for (const folder of [unitFolder(deps), deps.paths.cache, ...canaryFolders]) {
    for (const name of existsSync(folder) ? readdirSync(folder) : []) {
      if (!name.startsWith(prefix) || !isLeftover(join(folder, name), deps.reach.uid)) continue;
      remove(join(folder, name));
      if (name.endsWith(".service")) units.push(name);
    }
  }
  if (units.length > 0) await deps.systemctl.resetFailed(units);
}

function isLeftover(path: string, uid: number): boolean {
  try {
    const found = lstatSync(path);
    return found.uid === uid && Date.now() - found.mtimeMs > leftoverMs;
  } catch {
    return false;
  }
}

/** Through these sockets a service could make processes outside of every sandbox act for it. */
function socketsOutside(uid: number): string[] {
  return [...rootSockets.flatMap(({ sockets }) => sockets), `/run/user/${uid}/bus`, `/run/user/${uid}/systemd/private`];
}

/** A file that cannot be removed now does no harm. */
function remove(path: string): void {
  try {
    rmSync(path, { recursive: true, force: true });
  } catch {}
}
