// The directories of bs9: the XDG directories of this user, or all of them under $BS9_HOME.
import { realpathSync, statSync } from "node:fs";
import { basename, dirname, isAbsolute, join, resolve } from "node:path";
import { currentUser } from "./user.ts";

export type Paths = {
  /** The home directory of the user, as the user manager sees it. */
  home: string;
  config: string;
  share: string;
  state: string;
  cache: string;
  /** The directory for units of this user. */
  units: string;
  /** `$BS9_HOME`, or null where the XDG directories are used. */
  bs9Home: string | null;
};

/** Follows the XDG Base Directory Specification, which requires to ignore relative values. */
export function pathsOf(env: Record<string, string | undefined>): Paths {
  const home = homeOf(env);
  const bs9Home = env["BS9_HOME"] ? resolve(env["BS9_HOME"]) : null;
  const folder = (name: string, variable: string, fallback: string) => {
    if (bs9Home !== null) return join(bs9Home, name);
    const xdg = env[variable];
    return join(xdg && isAbsolute(xdg) ? xdg : join(home, fallback), "bs9");
  };
  return {
    home,
    bs9Home,
    config: folder("config", "XDG_CONFIG_HOME", ".config"),
    share: folder("data", "XDG_DATA_HOME", ".local/share"),
    state: folder("state", "XDG_STATE_HOME", ".local/state"),
    cache: folder("cache", "XDG_CACHE_HOME", ".cache"),
    units: unitsFolder(home),
  };
}

/**
 * The directory of user units. $XDG_CONFIG_HOME is not used, because the user manager does not have the environment of this
 * shell.
 */
export const unitsFolder = (home: string): string => join(home, ".config/systemd/user");

/**
 * $HOME is used only if this user owns it, because under `sudo -E` it belongs to somebody else. Links are resolved, because
 * mounts need the real path (`/home` links to `/var/home` on some systems).
 */
function homeOf(env: Record<string, string | undefined>): string {
  const { home: fallback, uid } = currentUser();
  const home = env["HOME"];
  for (const folder of home && isAbsolute(home) ? [home, fallback] : [fallback]) {
    try {
      if (folder === fallback || statSync(folder).uid === uid) return realpathSync(folder);
    } catch {
      // The directory does not exist.
    }
  }
  return fallback;
}

/** Resolves the links of the part of the path that exists. */
export function resolvedPath(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path === dirname(path) ? path : join(resolvedPath(dirname(path)), basename(path));
  }
}

/** True for the directory itself too. Both paths must be absolute and without links. */
export function isWithin(path: string, folder: string): boolean {
  return path === folder || path.startsWith(folder.endsWith("/") ? folder : `${folder}/`);
}
