// Files that are there whole or not at all.

import {
  closeSync,
  constants,
  fchmodSync,
  fstatSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  readSync,
  renameSync,
  rmdirSync,
  rmSync,
  statSync,
  writeSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { Bs9Error, errnoOf, failed, reasonOf } from "./errors.ts";
import { shellWord } from "./text.ts";

let counter = 0;

/**
 * Writes beside the target, syncs and renames, so that a reader, a crash or a full disk
 * finds the old text or the new one. Throws a Bs9Error that names the file. What means nothing after a crash of the
 * machine needs no sync: `isLasting` false.
 */
export function writeWhole(path: string, content: string | Uint8Array, mode: number, isLasting = true): void {
  const partial = partialOf(path);
  try {
    makeFolder(dirname(path));
    const fd = openSync(partial, "wx", mode);
    try {
      writeAll(fd, content);
      if (isLasting) fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
    renameSync(partial, path);
    if (isLasting) syncFolder(dirname(path));
  } catch (error) {
    rmSync(partial, { force: true });
    throw notWritten(path, error);
  }
}

/**
 * The same of pieces as they come, into a folder that is there; returns the size in bytes. What the pieces throw as a
 * Bs9Error is passed on. The mode is kept where the file was there before.
 */
export async function writeWholeFrom(path: string, pieces: AsyncIterable<string>, mode: number): Promise<number> {
  const partial = partialOf(path);
  try {
    const fd = openSync(partial, "wx", mode);
    let size = 0;
    try {
      const before = statSync(path, { throwIfNoEntry: false });
      if (before !== undefined) fchmodSync(fd, before.mode & 0o777);
      for await (const piece of pieces) size += writeAll(fd, piece);
      fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
    renameSync(partial, path);
    syncFolder(dirname(path));
    return size;
  } catch (error) {
    rmSync(partial, { force: true });
    throw error instanceof Bs9Error ? error : notWritten(path, error);
  }
}

const partialOf = (path: string): string => join(dirname(path), `.${process.pid}-${counter++}.part`);

function writeAll(fd: number, content: string | Uint8Array): number {
  const bytes = typeof content === "string" ? Buffer.from(content) : content;
  for (let at = 0; at < bytes.length; ) at += writeSync(fd, bytes, at);
  return bytes.length;
}

function notWritten(path: string, error: unknown): Bs9Error {
  return failed(`cannot write ${path}: ${plainErrno(error)}`, { cause: error, ...hintFor(error, path) });
}

/** The file's text, or null when it is not there. Larger than `maxBytes` is an error. */
export function readIfThere(path: string, maxBytes = 4 * 1024 * 1024): string | null {
  try {
    const size = statSync(path, { throwIfNoEntry: false })?.size;
    if (size === undefined) return null;
    if (size > maxBytes) throw failed(`cannot read ${path}: ${size} bytes are more than the ${maxBytes} it may have`);
    return readFileSync(path, "utf8");
  } catch (error) {
    const errno = errnoOf(error);
    if (errno === "ENOENT" || errno === "ENOTDIR") return null;
    throw error;
  }
}

/**
 * The first bytes of a file that may be anything by now: a FIFO or a device is not waited for, and is null.
 * Throws what open(2) and read(2) do.
 */
export function readRegular(path: string, maxBytes: number): Buffer | null {
  // Asked before it is opened: to open a device is an act of its own.
  if (!statSync(path).isFile()) return null;
  // Non-blocking, should a FIFO have taken its place since.
  const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const stat = fstatSync(fd);
    if (!stat.isFile()) return null;
    // No further than the size: files of /proc have none and may wait for ever (/proc/kmsg).
    const bytes = Buffer.alloc(Math.min(stat.size, maxBytes));
    let length = 0;
    for (let count = -1; count !== 0 && length < bytes.length; length += count)
      count = readSync(fd, bytes, length, bytes.length - length, length);
    return bytes.subarray(0, length);
  } finally {
    closeSync(fd);
  }
}

/** Makes a folder and its parents, for this user alone. */
export function makeFolder(path: string): void {
  mkdirSync(path, { recursive: true, mode: 0o700 });
}

/** Removes a directory where it is empty, and otherwise leaves it as it is. */
export function removeEmpty(path: string): void {
  try {
    rmdirSync(path);
  } catch {
    // It is in use, or not there.
  }
}

/** What an errno means, in words; else the message as it is. */
export function plainErrno(error: unknown): string {
  const words: Record<string, string> = {
    ENOSPC: "the disk is full",
    EDQUOT: "the disk quota is used up",
    EROFS: "the file system is read-only",
    EACCES: "permission denied",
    EPERM: "not permitted",
    ENOENT: "no such file or folder",
    ENOTDIR: "a part of the path is not a folder",
    EISDIR: "it is a folder",
    ENAMETOOLONG: "the name is too long",
    ELOOP: "too many symbolic links",
    EMFILE: "too many open files",
  };
  return words[errnoOf(error) ?? ""] ?? reasonOf(error);
}

// A rename is on disk only when its folder is, see fsync(2).
export function syncFolder(path: string): void {
  const fd = openSync(path, "r");
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

function hintFor(error: unknown, path: string): { hint?: string } {
  const errno = errnoOf(error);
  if (errno === "ENOSPC" || errno === "EDQUOT") return { hint: `df -h ${shellWord(dirname(path))}` };
  if (errno === "EACCES") return { hint: `ls -ld ${shellWord(dirname(path))}` };
  return {};
}
