// Opens a path only where it leads to what it names: a service could have put a link in the place of a folder.
import { closeSync, openSync, readlinkSync } from "node:fs";

/** Not in node:fs: a descriptor that names a file and gives no right to read it, open(2). */
export const O_PATH = 0o10000000;

/** A path leads to another place than when its service was defined. */
export class Replaced extends Error {}

/**
 * Opens a path and compares what was opened with where it has to lead: no link may lie on the way to `real`. The kernel is
 * asked for the name of the descriptor (proc_pid_fd(5)), so that no swap in between can be missed. Throws what open(2) does.
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
