// Opens a path only if it leads to what it names, because a service could have replaced a directory by a symbolic link.
import { closeSync, openSync, readlinkSync } from "node:fs";

/** Missing in node:fs: O_PATH gives a descriptor that refers to a file without the right to read it (open(2)). */
export const O_PATH = 0o10000000;

/** A path leads to another place than when its service was defined. */
export class Replaced extends Error {}

/**
 * Opens a path and compares the opened file with its expected target: no symbolic link may lie on the way to `real`. The kernel
 * reports the path of the descriptor (proc_pid_fd(5)), so that a swap between two steps is always noticed. Throws the errors of
 * open(2).
 */
export function openAsNamed(path: string, real: string): number {
  const fd = openSync(path, O_PATH);
  const opened = readlinkSync(`/proc/self/fd/${fd}`);
  if (opened === real) return fd;
  closeSync(fd);
  throw new Replaced(
    `${path} was replaced by a symbolic link to ${opened} since the service was defined; if that was you, restart it with bs9 restart`,
  );
}
