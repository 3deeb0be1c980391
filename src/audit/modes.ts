// Finds files and directories that every user of the host can change.
import { lstatSync, realpathSync, statSync } from "node:fs";
import { dirname } from "node:path";
import type { Reported } from "./finding.ts";

const othersMayWrite = 0o002;
const sticky = 0o1000;

/** Everything that other users can change on the way from / to each file, by its name and by its resolved path. */
export function worldWritable(files: Iterable<string>): Reported[] {
  const seen = new Set<string>();
  const found: Reported[] = [];
  for (const file of files) {
    for (const way of [file, realOf(file)]) {
      for (let path = way; !seen.has(path); path = dirname(path)) {
        seen.add(path);
        const message = problemOf(path, path === way);
        if (message !== null) found.push({ rule: "world-writable", message, file: path, line: 1, column: 1 });
      }
    }
  }
  return found;
}

function problemOf(path: string, isEntry: boolean): string | null {
  try {
    // The mode of a symbolic link means nothing; its target is checked as well.
    const { mode } = lstatSync(path).isSymbolicLink() ? statSync(path) : lstatSync(path);
    if ((mode & othersMayWrite) === 0) return null;
    if (isEntry) return "every user of this host can change the file, and so what the service runs; fix it with chmod o-w";
    // In a directory like /tmp nobody can replace the files of others (inode(7)).
    return (mode & sticky) !== 0
      ? null
      : "every user of this host can replace the files in this directory, and so what the service runs; fix it with chmod o-w";
  } catch {
    return null;
  }
}

function realOf(file: string): string {
  try {
    return realpathSync(file);
  } catch {
    return file;
  }
}
