// The folders of the machine that Landlock leaves open to a service; a rule only opens, so that each one has to be named.
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { isWithin, type Paths } from "../base/paths.ts";

/**
 * The folders that everybody may write to. A folder that home or bs9's own folders lie in stays closed: Landlock can close nothing
 * within what it opens.
 */
export function sharedFolders({ home, config, share, state, cache, units }: Paths): string[] {
  const own = [home, config, share, state, cache, units];
  return ["/tmp", "/var/tmp", "/dev"].filter((folder) => !own.some((path) => isWithin(path, folder)));
}

/** All of the machine but homes and what belongs to other users. */
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
