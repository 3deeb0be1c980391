// Decides what shows that the sockets of the system are inaccessible to a process. Pure.
import { rootSockets } from "../../backend/root-sockets.ts";
import { closedPathOf } from "../../backend/sandbox.ts";
import type { Live, Outside } from "./live.ts";
import { isAtOrBelow } from "./mounts.ts";

export function isGone(live: Live, folder: string): boolean {
  return live.mounts.at(folder)?.root.includes("/inaccessible/") === true;
}

/** `value` is a value of InaccessiblePaths=. Returns null where the path is inaccessible or does not exist. */
export function againstClosed({ live, outside }: { live: Live; outside: Outside }, value: string): string | null {
  const path = closedPathOf({ value });
  const real = outside.closed.get(path);
  const isAway = real === undefined || isGone(live, real) || outside.homes.some((home) => isAtOrBelow(real, home));
  return isAway ? null : `${path} is visible, or was created again after the service was started`;
}

/**
 * `outcomes` come from the probe. ECONNREFUSED does not prove that a path is closed, because another socket below it may
 * accept.
 */
export function againstReach(outcomes: Record<string, string>, path: string): string | null {
  const sockets = rootSockets.find((one) => one.path === path)?.sockets;
  const isMeant = (socket: string) => sockets?.includes(socket) ?? socket.startsWith(path);
  const tried = Object.entries(outcomes).filter(([name]) => name.startsWith("connect ") && isMeant(name.slice("connect ".length)));
  const other = tried.find(([, outcome]) => outcome !== "ENOENT" && outcome !== "EACCES");
  if (other !== undefined) return `the probe's '${other[0]}' ended with ${other[1]}`;
  return tried.length === 0 ? `the probe tried no socket below ${path}` : null;
}
