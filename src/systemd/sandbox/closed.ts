// Lists the closed paths that exist now, and detects whether one of them was replaced since.
import { existsSync, lstatSync } from "node:fs";
import { rootSockets } from "../../backend/root-sockets.ts";
import { resolvedPath } from "../../base/paths.ts";

/** Maps each closed path that exists to its target, because systemd makes the target of a symbolic link inaccessible. */
export function readClosed(): ReadonlyMap<string, string> {
  return new Map(rootSockets.filter(({ path }) => existsSync(path)).map(({ path }) => [path, resolvedPath(path)]));
}

const keptMs = 1000;
let known: { stamp: string; atMs: number } | null = null;

/**
 * Returns a text that changes within a second after one of the paths is created, replaced or removed. Deleting a file removes
 * the mounts over it, also in the mount namespaces of services (detach_mounts() in the kernel's fs/namespace.c), so a socket
 * that is created again is accessible to a running service.
 */
export function closedStamp(): string {
  const nowMs = performance.now();
  // The stamp is cached, because the agent asks for each service in turn.
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
