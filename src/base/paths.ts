// Where bs9 keeps things: the XDG folders of this user, or all of them under $BS9_HOME.
import { realpathSync, statSync } from "node:fs";
import { basename, dirname, isAbsolute, join, resolve } from "node:path";
import { currentUser } from "./user.ts";

export type Paths = {
  /** Home of the user, as the user manager sees it. */
  home: string;
  config: string;
  share: string;
  state: string;
  cache: string;
  /** Where user units of this user go. */
  units: string;
  /** `$BS9_HOME`, or null where the XDG folders are used. */
  bs9Home: string | null;
};

/** XDG Base Directory Specification; a relative value is to be ignored, it says. */
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
    // Not $XDG_CONFIG_HOME: what this shell says, the user manager has not heard.
    units: join(home, ".config/systemd/user"),
  };
}

/**
 * $HOME counts only when it is ours: under `sudo -E` it is somebody else's. Links are resolved, for a mount is made
 * where a path really is (`/home` leads to `/var/home` on some systems).
 */
function homeOf(env: Record<string, string | undefined>): string {
  const { home: fallback, uid } = currentUser();
  const home = env["HOME"];
  for (const folder of home && isAbsolute(home) ? [home, fallback] : [fallback]) {
    try {
      if (folder === fallback || statSync(folder).uid === uid) return realpathSync(folder);
    } catch {
      // It is not there.
    }
  }
  return fallback;
}

/** Links resolved, as far as the path is there. */
export function resolvedPath(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path === dirname(path) ? path : join(resolvedPath(dirname(path)), basename(path));
  }
}

/** The folder itself counts. Of paths that are absolute and have no links in them. */
export function isWithin(path: string, folder: string): boolean {
  return path === folder || path.startsWith(folder.endsWith("/") ? folder : `${folder}/`);
}
