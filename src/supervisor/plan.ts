// A spec and what is on this machine -> what the launcher is told.
import { readdirSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import type { Neighbours } from "../backend/neighbours.ts";
import { openingOf } from "../backend/opening.ts";
import { isWithin, type Paths, resolvedPath } from "../base/paths.ts";
import { currentUser } from "../base/user.ts";
import { logFolder } from "../logs/store/place.ts";
import { logFile, streams } from "../logs/store/stream.ts";
import { commandOf } from "../runtime/command.ts";
import { checkSizes } from "../service/sizes.ts";
import { environmentOf, environmentWith, type Spec } from "../service/spec.ts";
import type { LaunchPlan } from "./launch.ts";

/** All that is settled when a service is defined: what a path leads to now, later starts do not ask again. */
export type Plan = Omit<LaunchPlan, "cgroup">;

/** Names what a spec becomes here: links and environment included, and not what else lies in the folders of the system. */
export function nameOf(plan: Plan): string {
  return Bun.hash(JSON.stringify(plan)).toString(16);
}

/** What is read of the machine itself, as it is now. */
export function withSystem<P extends Plan>(plan: P, paths: Paths): P {
  return plan.landlock === null ? plan : { ...plan, landlock: { ...plan.landlock, system: systemFolders(paths) } };
}

/** Throws where the entry is gone, or the words are more than the kernel takes. `shuts`: the kernel has Landlock. */
export function planOf(spec: Spec, paths: Paths, shuts: boolean, neighbours: Neighbours): Plan {
  const command = commandOf(spec, paths.share);
  checkSizes(command.argv, environmentOf(spec));
  const opening = openingOf(spec, command, paths, neighbours.of(spec.name));
  const { name } = currentUser();
  return {
    argv: command.argv,
    env: { HOME: paths.home, USER: name, LOGNAME: name, ...environmentWith(spec, opening.programs) },
    cwd: opening.cwd,
    files: spec.limits.files,
    umask: spec.sandbox.profile === "strict" ? 0o077 : 0o022,
    landlock:
      spec.sandbox.profile === "off" || !shuts
        ? null
        : {
            system: [],
            leads: opening.leads,
            readable: [...opening.readable, ...opening.optional],
            writable: [
              ...sharedFolders(paths).map(resolvedPath),
              ...opening.writable,
              ...streams.map((stream) => logFile(resolvedPath(logFolder(paths.state, spec.name)), stream)),
            ],
            listable: [
              // Bun and Node look for packages from folder to folder upwards, and give up at one that they may not list.
              ...opening.optional.filter((path) => basename(path) === "node_modules").map((path) => dirname(path)),
              // Bun finds a script only in a folder that it may list.
              ...(opening.narrowed === null || command.runtime === null ? [] : [dirname(command.entry)]),
            ],
          },
  };
}

/**
 * Written to by everybody; the ones of the machine, for there is no namespace to have others in. One that home or bs9's own
 * folders lie in stays closed: Landlock can close nothing within what it opens.
 */
function sharedFolders({ home, config, share, state, cache, units }: Paths): string[] {
  const own = [home, config, share, state, cache, units];
  return ["/tmp", "/var/tmp", "/dev"].filter((folder) => !own.some((path) => isWithin(path, folder)));
}

/** All of the machine but homes and what is of other users: rules only open, so that each folder has to be named. */
function systemFolders({ home, config, share, state, cache, units }: Paths): string[] {
  const closed = [
    config,
    share,
    state,
    cache,
    units,
    "/home",
    "/root",
    "/run/user",
    "/run/secrets",
    "/tmp",
    "/var/tmp",
    ...(home === "/" ? [] : [home]),
  ];
  const below = (folder: string): string[] =>
    entriesOf(folder).flatMap((name) => {
      const path = join(folder, name);
      if (closed.some((one) => isWithin(path, one))) return [];
      return closed.some((one) => isWithin(one, path)) ? below(path) : [path];
    });
  return below("/");
}

function entriesOf(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
