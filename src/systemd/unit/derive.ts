// Makes the texts of the unit and of the environment file from a spec and from what this host supports.

import { join } from "node:path";
import type { Shutter } from "../../backend/directories.ts";
import type { Neighbours } from "../../backend/neighbours.ts";
import { type Opening, openingOf } from "../../backend/opening.ts";
import { hidesHome } from "../../backend/sandbox.ts";
import { failed } from "../../base/errors.ts";
import type { Paths } from "../../base/paths.ts";
import { type Injection, injectionOf } from "../../injectors/injection.ts";
import { logFile, logFolder } from "../../logs/store/place.ts";
import { commandOf, type ExecCommand } from "../../runtime/command.ts";
import { checkSizes } from "../../service/sizes.ts";
import { environmentOf, type Spec } from "../../service/spec.ts";
import { forService, type HostProfile } from "../sandbox/host.ts";
import type { HostProfiles } from "../sandbox/host-profiles.ts";
import { closesFiles, type Launcher, launcherFor } from "../sandbox/launcher/written.ts";
import { delayText } from "./delay.ts";
import { fitsInUnit } from "./quote.ts";
import { socketsPath } from "./starts.ts";
import { besideText, environmentText, type UnitPlan, unitText } from "./unit.ts";

/** `delay`: the text of the unit that delays restarts; null for a service without one. */
export type Derived = {
  unit: string;
  delay: string | null;
  environment: string;
  launcher: Launcher;
};

/** `shutter`: the mechanism that closes files to the service. */
export type Opened = { opening: Opening; shutter: Shutter };

export type UnitGround = {
  paths: Paths;
  /** The runtime directory of the user (XDG_RUNTIME_DIR). */
  runtimeDir: string;
  environmentFile: string;
  mark: string;
  neighbours: Neighbours;
  hosts: HostProfiles;
};

/**
 * Makes the unit texts of a service. Throws if the entry does not exist, a path cannot be written in a unit, or the arguments
 * are too long.
 */
export async function derive(spec: Spec, ground: UnitGround): Promise<Derived> {
  const { plan, opening, host, launcher } = await planOf(spec, ground);
  const cache = shutterOn(host) === "landlock" ? opening.cache : null;
  const environment = environmentText(spec, { programs: opening.programs, cache, injected: plan.injection?.env ?? {} });
  return { unit: unitText(plan), delay: delayText(spec, ground.mark), environment, launcher };
}

/** Finds the paths that the sandbox of a service opens. Throws if the entry does not exist. */
export async function openedBySandbox(spec: Spec, ground: UnitGround): Promise<Opened> {
  const { opening, host } = await settingOf(spec, ground);
  return { opening, shutter: shutterOn(host) };
}

function shutterOn(host: HostProfile): Shutter {
  if (hidesHome(host.directives)) return "mounts";
  return closesFiles(host) ? "landlock" : "none";
}

/**
 * Makes the text of a unit that runs a shell command once, under the same conditions as the service, and the launcher that this
 * unit executes first.
 */
export async function deriveBeside(
  spec: Spec,
  command: string,
  timeoutMs: number,
  ground: UnitGround,
): Promise<Pick<Derived, "unit" | "launcher" | "environment">> {
  const { plan, opening, launcher } = await planOf(spec, ground);
  const beside = { ...plan, argv: ["/bin/sh", "-c", command], mounts: { ...plan.mounts, sockets: null } };
  const unit = besideText(beside, timeoutMs);
  return { unit, launcher, environment: environmentText(spec, { programs: opening.programs, cache: null, injected: {} }) };
}

type Setting = { command: ExecCommand; injection: Injection | null; opening: Opening; host: HostProfile };

async function settingOf(spec: Spec, ground: UnitGround): Promise<Setting> {
  const injection = injectionOf(spec, ground.paths.share, join(ground.runtimeDir, socketsPath(spec.name)));
  const command = commandOf(spec, ground.paths.share, injection?.flags);
  const opening = openingOf(spec, command, ground.paths, ground.neighbours.of(spec.name), injection);
  const host = forService(await ground.hosts.of(spec.sandbox.profile), opening);
  return { command, injection, opening, host };
}

type Planned = { plan: UnitPlan; opening: Opening; host: HostProfile; launcher: Launcher };

async function planOf(spec: Spec, ground: UnitGround): Promise<Planned> {
  const { command, injection, opening, host } = await settingOf(spec, ground);
  checkSizes(command.argv, { ...environmentOf(spec), ...injection?.env });
  const launcher = launcherFor(spec, { host, opening, paths: ground.paths, runtimeDir: ground.runtimeDir });
  const folder = logFolder(ground.paths.state, spec.name);
  const logFiles = spec.log === "file" ? { stdout: logFile(folder, "stdout"), stderr: logFile(folder, "stderr") } : null;
  const ownFiles = [folder, ground.environmentFile, launcher.file];
  for (const path of [
    ...ownFiles,
    ...(opening.cache === null ? [] : [opening.cache]),
    opening.cwd,
    ...opening.writable,
    ...opening.readable,
    ...opening.optional,
  ]) {
    if (!fitsInUnit(path))
      throw failed(
        `systemd cannot hold the path ${JSON.stringify(path)}: it has a control character, a space at its end or a noncharacter`,
        { hint: "rename the folder" },
      );
  }
  const plan = {
    spec,
    argv: command.argv,
    cwd: opening.cwd,
    environmentFile: ground.environmentFile,
    logFiles,
    directives: host.directives,
    mounts: opening,
    injection,
    home: ground.paths.home,
    owner: ground.mark,
    launcher: launcher.file,
  };
  return { plan, opening, host, launcher };
}
