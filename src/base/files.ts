// Writes files atomically: a reader finds the whole old or the whole new content.

import {
  closeSync,
  constants,
  fchmodSync,
  fstatSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readSync,
  renameSync,
  rmdirSync,
  rmSync,
  type Stats,
  statSync,
  writeSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { Bs9Error, errnoOf, failed, reasonOf } from "./errors.ts";
import { shellWord } from "./text.ts";

let counter = 0;

/**
 * Writes a temporary file beside the target, syncs and renames it, so that after a crash or on a full disk either the old or
 * the new text is there. Throws a Bs9Error that names the file. Pass `isLasting` false for content that is worthless after a
 * crash of the machine: it is not synced.
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
 * Writes pieces of text to a file as safely as writeWhole(), in a directory that exists; returns the size in bytes. A Bs9Error
 * thrown by `pieces` is passed on. An existing file keeps its mode.
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

/**
 * The text of a regular file, or null where the file does not exist. Throws a Bs9Error that names the file where it is not a
 * regular file, has more than `maxBytes`, or cannot be read.
 */
export function readIfThere(path: string, maxBytes?: number): string | null {
  return readBytesIfThere(path, maxBytes)?.toString("utf8") ?? null;
}

/** The bytes of a regular file; otherwise as readIfThere(). */
export function readBytesIfThere(path: string, maxBytes = 4 * 1024 * 1024): Buffer | null {
  try {
    return withRegular(path, (fd, { size }) => {
      const bytes = readAll(fd, size, maxBytes);
      if (bytes === null) throw failed(`cannot read ${path}: it has more than ${maxBytes} bytes`, hintToMove(path));
      return bytes;
    });
  } catch (error) {
    const errno = errnoOf(error);
    if (errno === "ENOENT" || errno === "ENOTDIR") return null;
    if (error instanceof NotRegular) throw failed(`cannot read ${path}: ${error.message}`, { ...hintToMove(path), cause: error });
    if (error instanceof Bs9Error) throw error;
    throw failed(`cannot read ${path}: ${plainErrno(error)}`, { cause: error, hint: `ls -ld ${shellWord(path)}` });
  }
}

/** The first bytes of a file, null where it is not a regular file. Throws what `check` throws, and the errors of open(2) and read(2). */
export function readRegular(path: string, maxBytes: number, check: (stat: Stats) => void = () => {}): Buffer | null {
  try {
    return withRegular(path, (fd, stat) => {
      check(stat);
      const { size } = stat;
      // Reads no further than the size: files of /proc have size 0, and reading some of them blocks for ever (/proc/kmsg).
      const bytes = Buffer.alloc(Math.min(size, maxBytes));
      let length = 0;
      for (let count = -1; count !== 0 && length < bytes.length; length += count)
        count = readSync(fd, bytes, length, bytes.length - length, length);
      return bytes.subarray(0, length);
    });
  } catch (error) {
    if (error instanceof NotRegular) return null;
    throw error;
  }
}

class NotRegular extends Error {}

function withRegular<T>(path: string, work: (fd: number, stat: Stats) => T): T {
  const { fd, stat } = openRegular(path);
  try {
    return work(fd, stat);
  } finally {
    closeSync(fd);
  }
}

/** Opens a regular file for reading. Throws where it is another kind of file, and the errors of open(2). */
function openRegular(path: string): { fd: number; stat: Stats } {
  // stat(2) before open(2), because opening a device has side effects: a tape rewinds.
  checkRegular(statSync(path));
  // Without O_NONBLOCK open(2) would wait for a writer if a FIFO has replaced the file since.
  const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
  try {
    const stat = fstatSync(fd);
    checkRegular(stat);
    return { fd, stat };
  } catch (error) {
    closeSync(fd);
    throw error;
  }
}

function checkRegular(stat: Stats): void {
  if (stat.isFile()) return;
  const kind = stat.isDirectory() ? "a directory" : stat.isFIFO() ? "a FIFO" : stat.isSocket() ? "a socket" : "a device";
  throw new NotRegular(`it is ${kind}, not a regular file`);
}

/** All bytes up to the end, null where there are more than `maxBytes`. The size is only a hint, because the file may grow. */
function readAll(fd: number, size: number, maxBytes: number): Buffer | null {
  let bytes = Buffer.alloc(Math.min(size, maxBytes) + 1);
  for (let length = 0; ; ) {
    const count = readSync(fd, bytes, length, bytes.length - length, length);
    if (count === 0) return bytes.subarray(0, length);
    length += count;
    if (length > maxBytes) return null;
    if (length === bytes.length) bytes = Buffer.concat([bytes], Math.min(2 * length, maxBytes) + 1);
  }
}

const hintToMove = (path: string): { hint: string } => ({ hint: `move it away: mv ${shellWord(path)} ${shellWord(path)}.broken` });

/**
 * Opens a file of bs9 for appending, and creates it with mode 0600 where it does not exist. Throws a Bs9Error that names the
 * file where it is not a regular file; a FIFO does not block it.
 */
export function openToAppend(path: string): number {
  const { O_RDWR, O_APPEND, O_CREAT, O_NONBLOCK, O_NOCTTY } = constants;
  let fd: number;
  try {
    fd = openSync(path, O_RDWR | O_APPEND | O_CREAT | O_NONBLOCK | O_NOCTTY, 0o600);
  } catch (error) {
    throw failed(`cannot open ${path}: ${plainErrno(error)}`, { cause: error, hint: `ls -ld ${shellWord(path)}` });
  }
  try {
    checkRegular(fstatSync(fd));
    return fd;
  } catch (error) {
    closeSync(fd);
    throw failed(`cannot open ${path}: ${reasonOf(error)}`, { ...hintToMove(path), cause: error });
  }
}

/** Creates a directory and its parents with mode 0700. */
export function makeFolder(path: string): void {
  mkdirSync(path, { recursive: true, mode: 0o700 });
}

/** Removes a directory if it is empty. */
export function removeEmpty(path: string): void {
  try {
    rmdirSync(path);
  } catch {
    // The directory is in use, or does not exist.
  }
}

/** The meaning of an errno in words; otherwise the message of the error. */
export function plainErrno(error: unknown): string {
  const words: Record<string, string> = {
    ENOSPC: "the disk is full",
    EDQUOT: "the disk quota is used up",
    EROFS: "the file system is read-only",
    EACCES: "permission denied",
    EPERM: "not permitted",
    ENOENT: "no such file or directory",
    ENOTDIR: "a part of the path is not a directory",
    EISDIR: "it is a directory",
    ENAMETOOLONG: "the name is too long",
    ELOOP: "too many symbolic links",
    EMFILE: "too many open files",
  };
  return words[errnoOf(error) ?? ""] ?? reasonOf(error);
}

// A rename is on disk only after fsync(2) of its directory.
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
