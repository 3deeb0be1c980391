// The system directories that Landlock opens to a service; Landlock rules can only open paths, so each must be named.
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { isWithin, type Paths } from "../base/paths.ts";

/**
 * The directories that everybody can write to. A directory that contains the home directory or directories of bs9 stays closed,
 * because Landlock cannot close anything within an opened directory.
 */
export function sharedFolders({ home, config, share, state, cache, units }: Paths): string[] {
  const own = [home, config, share, state, cache, units];
  return ["/tmp", "/var/tmp", "/dev"].filter((folder) => !own.some((path) => isWithin(path, folder)));
}

/** All directories of the system except home directories and what belongs to other users. */
export function systemFolders({ home, config, share, state, cache, units }: Paths): string[] {
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
