// Opens files that another program may have replaced: opens regular files only, and follows no symbolic link.
import { closeSync, constants, fstatSync, lstatSync, openSync, readSync, type Stats } from "node:fs";
import { type Bs9Error, errnoOf, failed } from "./errors.ts";
import { shellWord } from "./text.ts";

/**
 * Returns a descriptor of a regular file (O_NOFOLLOW of open(2)). Symbolic links among the parent directories are followed. A
 * FIFO or a device is neither opened nor waited for. Throws a Bs9Error where the file is not a regular file, and otherwise the
 * errors of open(2), including ENOENT.
 */
export function openNoFollow(path: string, flags: number, mode = 0o600): number {
  // lstat(2) comes first, because opening a device can have side effects (a tape rewinds).
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (found !== undefined && !found.isFile()) throw notRegular(path, found);
  const fd = opened(path, flags, mode);
  // Another file may have taken its place since the check.
  const stat = fstatSync(fd);
  if (stat.isFile()) return fd;
  closeSync(fd);
  throw notRegular(path, stat);
}

function opened(path: string, flags: number, mode: number): number {
  try {
    return openSync(path, flags | constants.O_NOFOLLOW | constants.O_NONBLOCK | constants.O_NOCTTY, mode);
  } catch (error) {
    if (errnoOf(error) === "ELOOP") throw notRegular(path, lstatSync(path, { throwIfNoEntry: false }));
    throw error;
  }
}

/** The first bytes of a regular file, opened by `openNoFollow`; throws its errors. */
export function readNoFollow(path: string, maxBytes: number): Buffer {
  const fd = openNoFollow(path, constants.O_RDONLY);
  try {
    const bytes = Buffer.alloc(Math.min(fstatSync(fd).size, maxBytes));
    let length = 0;
    for (let count = -1; count !== 0 && length < bytes.length; length += count)
      count = readSync(fd, bytes, length, bytes.length - length, length);
    return bytes.subarray(0, length);
  } finally {
    closeSync(fd);
  }
}

/** The path exists and is a regular file, and not a link to one. */
export function isRegular(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.isFile() === true;
}

/** The path exists and is a directory, and not a link to one. */
export function isDirectory(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}

/** The reason why `openNoFollow` refuses this path; null for a regular file, and where nothing exists. */
export function whyNotRegular(path: string): string | null {
  const found = lstatSync(path, { throwIfNoEntry: false });
  return found === undefined || found.isFile() ? null : kindOf(found);
}

function notRegular(path: string, found: Stats | undefined): Bs9Error {
  return failed(`cannot open ${path}: ${kindOf(found)}`, { hint: `ls -l ${shellWord(path)}` });
}

function kindOf(found: Stats | undefined): string {
  if (found?.isSymbolicLink() !== false) return "it is a symbolic link, which is not followed";
  if (found.isDirectory()) return "it is a directory";
  return "it is not a regular file";
}
