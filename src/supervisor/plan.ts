// A spec and what is on this machine -> what the launcher is told.
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { openingOf } from "../backend/opening.ts";
import { isWithin, type Paths } from "../base/paths.ts";
import { currentUser } from "../base/user.ts";
import { commandOf } from "../runtime/command.ts";
import { checkSizes } from "../service/sizes.ts";
import { environmentOf, type Spec } from "../service/spec.ts";
import type { LaunchPlan } from "./launch.ts";

export type Plan = Omit<LaunchPlan, "cgroup">;

/** Throws where the entry is gone, or the words are more than the kernel takes. `shuts`: the kernel has Landlock. */
export function planOf(spec: Spec, paths: Paths, shuts: boolean): Plan {
  const command = commandOf(spec, paths.share);
  const environment = environmentOf(spec);
  checkSizes(command.argv, environment);
  const opening = openingOf(spec, command, paths);
  const { name } = currentUser();
  const programs = opening.programs.filter((folder) => !environment["PATH"]?.split(":").includes(folder));
  return {
    argv: command.argv,
    env: { HOME: paths.home, USER: name, LOGNAME: name, ...environment, PATH: [environment["PATH"], ...programs].join(":") },
    cwd: opening.cwd,
    files: spec.limits.files,
    umask: spec.sandbox.profile === "strict" ? 0o077 : 0o022,
    landlock:
      spec.sandbox.profile === "off" || !shuts
        ? null
        : {
            readable: [...systemFolders(paths.home), ...opening.readable, ...opening.optional],
            writable: [...sharedFolders, ...opening.writable],
          },
  };
}

/** Written to by everybody; the ones of the machine, for there is no namespace to have others in. */
const sharedFolders = ["/tmp", "/var/tmp", "/dev"];

/** All of the machine but homes and what is of other users: rules only open, so that each folder has to be named. */
function systemFolders(home: string): string[] {
  const closed = ["/home", "/root", "/run/user", "/run/secrets", "/tmp", "/var/tmp", ...(home === "/" ? [] : [home])];
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
