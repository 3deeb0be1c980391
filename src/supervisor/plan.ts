// Makes the plan (what the launcher applies before it executes the program) from a spec and the paths on this machine.
import { basename, dirname } from "node:path";
import { architectureOf } from "../backend/limits-filter.ts";
import type { Neighbours } from "../backend/neighbours.ts";
import { sharedFolders, systemFolders } from "../backend/open-folders.ts";
import { openingOf } from "../backend/opening.ts";
import { type Paths, resolvedPath } from "../base/paths.ts";
import { currentUser } from "../base/user.ts";
import { injectionOf } from "../injectors/injection.ts";
import { logFile, logFolder, streams } from "../logs/store/place.ts";
import { commandOf } from "../runtime/command.ts";
import { checkSizes } from "../service/sizes.ts";
import { environmentOf, environmentWith, type Spec } from "../service/spec.ts";
import type { LaunchPlan } from "./launch.ts";
import { socketFolder } from "./sockets.ts";

/** The part of the plan that is fixed when a service is defined: later starts do not resolve its paths again. */
export type Plan = Omit<LaunchPlan, "cgroup">;

/** A hash of the plan: it covers resolved symbolic links and the environment, but not the system directories. */
export function planHash(plan: Plan): string {
  return Bun.hash(JSON.stringify(plan)).toString(16);
}

/** Completes a plan with the readable system directories, as they exist at the time of the start. */
export function withSystem<P extends Plan>(plan: P, paths: Paths): P {
  return plan.landlock === null ? plan : { ...plan, landlock: { ...plan.landlock, system: systemFolders(paths) } };
}

/** Returns the command of a service, what the preload adds to it, and the paths that it needs. Throws if the entry does not exist. */
export function openedFor(spec: Spec, paths: Paths, neighbours: Neighbours) {
  const injection = injectionOf(spec, paths.share, socketFolder(paths.state, spec.name));
  const command = commandOf(spec, paths.share, injection?.flags);
  return { injection, command, opening: openingOf(spec, command, paths, neighbours.of(spec.name), injection) };
}

/** The plan of a shell command that runs beside the service. Without its directory the preload does nothing. */
export function besidePlan(plan: Plan, command: string): Plan {
  const { BS9_INJECT_DIR: _, ...env } = plan.env;
  return { ...plan, env, argv: ["/bin/sh", "-c", command] };
}

/**
 * Makes the plan of a service. Throws if the entry does not exist, or the arguments exceed the limits of the kernel. `shuts`:
 * the kernel has Landlock.
 */
export function planOf(spec: Spec, paths: Paths, shuts: boolean, neighbours: Neighbours): Plan {
  const { injection, command, opening } = openedFor(spec, paths, neighbours);
  checkSizes(command.argv, { ...environmentOf(spec), ...injection?.env });
  const { name } = currentUser();
  const isShut = spec.sandbox.profile !== "off" && shuts;
  const cache = isShut && opening.cache !== null ? { XDG_CACHE_HOME: opening.cache } : {};
  return {
    argv: command.argv,
    env: { HOME: paths.home, USER: name, LOGNAME: name, ...cache, ...environmentWith(spec, opening.programs), ...injection?.env },
    cwd: opening.cwd,
    files: spec.limits.files,
    umask: spec.sandbox.profile === "strict" ? 0o077 : 0o022,
    keepsLimits: spec.sandbox.profile !== "off" && architectureOf(process.arch) !== null,
    isolationRequired: spec.sandbox.isolationRequired === true,
    landlock: !isShut
      ? null
      : {
          system: [],
          leads: opening.leads,
          readable: [...opening.readable, ...opening.optional],
          writable: [
            ...sharedFolders(paths).map(resolvedPath),
            ...opening.writable,
            ...(opening.cache === null ? [] : [opening.cache]),
            ...streams.map((stream) => logFile(resolvedPath(logFolder(paths.state, spec.name)), stream)),
          ],
          sockets: opening.sockets === null ? [] : [opening.sockets],
          listable: [
            // Bun and Node look for packages in each parent directory, and stop at a directory that they cannot list.
            ...opening.optional.filter((path) => basename(path) === "node_modules").map((path) => dirname(path)),
            // Bun finds a script only in a directory that it can list.
            ...(opening.narrowed === null || command.runtime === null ? [] : [dirname(command.entry)]),
          ],
        },
  };
}
