// Describes for the user which directories of the file system a service can write to, which it can read, and which are hidden.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { type Paths, resolvedPath } from "../base/paths.ts";
import type { Spec } from "../service/spec.ts";
import { sharedFolders } from "./open-folders.ts";
import type { Opening } from "./opening.ts";
import { isOpened, rootSockets } from "./root-sockets.ts";

export type Directories = {
  /** `own`: under this name the service has a directory of its own. */
  writable: { path: string; own: boolean }[];
  readable: string[];
  hidden: string[];
};

/** The mechanism that restricts a service: its own mounts, Landlock, or none. */
export type Shutter = "mounts" | "landlock" | "none";

/** A service with its own mounts finds its cache here; every other service finds it through $XDG_CACHE_HOME. */
export const cacheInHome = (home: string): string => join(home, ".cache");

export function directoriesOf(spec: Spec, opening: Opening, shutter: Shutter, paths: Paths): Directories {
  if (shutter === "none" || spec.sandbox.profile === "off") return { writable: [{ path: "/", own: false }], readable: ["/"], hidden: [] };
  const homes = [...new Set([paths.home, "/home", "/root", "/run/user"])].filter((path) => existsSync(path));
  const machines = opening.writable.map((path) => ({ path, own: false }));
  const readable = ["/", ...opening.readable, ...opening.optional];
  const own = (path: string) => ({ path, own: true });
  const cache = opening.cache === null ? [] : [own(shutter === "mounts" ? cacheInHome(paths.home) : opening.cache)];
  if (shutter === "landlock") {
    const shared = sharedFolders(paths).map((path) => ({ path: resolvedPath(path), own: false }));
    return { writable: [...machines, ...cache, ...shared], readable, hidden: homes };
  }
  const closed = rootSockets
    .map(({ path }) => path)
    .filter((path) => existsSync(path) && !isOpened(path, [...opening.writable, ...opening.readable]));
  return { writable: [...machines, ...cache, ...["/tmp", "/var/tmp", "/dev/shm"].map(own)], readable, hidden: [...homes, ...closed] };
}
