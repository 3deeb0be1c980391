// The directory in which the processes of a service make the sockets of the preload, where no systemd makes one.
import { rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { makeFolder, removeEmpty } from "../base/files.ts";
import { resolvedPath } from "../base/paths.ts";

/** The address of a socket holds at most 107 bytes (unix(7)), so a long name is shortened to a part of it and its hash. */
const longestName = 24;

export function socketFolder(state: string, name: string): string {
  const short = name.length <= longestName ? name : `${name.slice(0, 10)}.${Bun.hash(name).toString(36)}`;
  return join(resolvedPath(state), "inject", short);
}

/** Makes the directory empty, because the sockets of ended processes stay. On a full disk the service starts without it. */
export function renewSockets(state: string, name: string): void {
  const folder = socketFolder(state, name);
  try {
    rmSync(folder, { recursive: true, force: true });
    makeFolder(folder);
  } catch {
    // The preload then makes no socket, and the service has no figures of requests.
  }
}

export function removeSockets(state: string, name: string): void {
  const folder = socketFolder(state, name);
  try {
    rmSync(folder, { recursive: true, force: true });
    removeEmpty(dirname(folder));
  } catch {
    // A directory that cannot be removed must not keep its service from being deleted.
  }
}
