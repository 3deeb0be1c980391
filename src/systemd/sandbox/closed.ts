// The closed paths that are there now, and whether they are still the ones that were seen before.
import { existsSync, lstatSync } from "node:fs";
import { rootSockets } from "../../backend/root-sockets.ts";
import { resolvedPath } from "../../base/paths.ts";

/** Each closed path that is there, with where it leads: systemd closes a link where it leads to. */
export function readClosed(): ReadonlyMap<string, string> {
  return new Map(rootSockets.filter(({ path }) => existsSync(path)).map(({ path }) => [path, resolvedPath(path)]));
}

const keptMs = 1000;
let known: { stamp: string; atMs: number } | null = null;

/**
 * Returns a text that changes within a second after one of the paths is created, replaced or removed. A mount over a file goes
 * with the file, also in the mount namespaces of services (detach_mounts() in the kernel's fs/namespace.c), so that a socket
 * that is made again is open to a service that runs.
 */
export function closedStamp(): string {
  const nowMs = performance.now();
  // The agent asks for each service in turn.
  if (known === null || nowMs - known.atMs > keptMs) known = { stamp: rootSockets.map(({ path }) => inodeOf(path)).join(" "), atMs: nowMs };
  return known.stamp;
}

function inodeOf(path: string): string {
  try {
    const stat = lstatSync(path, { throwIfNoEntry: false });
    return stat === undefined ? "-" : `${stat.dev}:${stat.ino}`;
  } catch {
    return "-";
  }
}
