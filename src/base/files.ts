// Files that are there whole or not at all.

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
 * Writes beside the target, syncs and renames, so that a reader, a crash or a full disk
 * finds the old text or the new one. Throws a Bs9Error that names the file. Pass `isLasting` false for content that is
 * worthless after a crash of the machine: it is not synced.
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

/**
 * The text of a regular file, or null when it is not there. Throws a Bs9Error that names the file where it is anything
 * else than a regular file, has more than `maxBytes`, or cannot be read.
 */
export function readIfThere(path: string, maxBytes?: number): string | null {
  return readBytesIfThere(path, maxBytes)?.toString("utf8") ?? null;
}

/** The bytes of a regular file; else as readIfThere(). */
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

/** The first bytes of a file, null where it is not a regular one. Throws the errors of open(2) and read(2). */
export function readRegular(path: string, maxBytes: number): Buffer | null {
  try {
    return withRegular(path, (fd, { size }) => {
      // No further than the size: files of /proc have none, and a read of some of them waits for ever (/proc/kmsg).
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

/** Opens a regular file to read it. Throws where it is anything else, and the errors of open(2). */
function openRegular(path: string): { fd: number; stat: Stats } {
  // stat(2) before open(2), because opening a device acts on it: a tape rewinds.
  checkRegular(statSync(path));
  // Without O_NONBLOCK open(2) waits for a writer, should a FIFO have taken the place of the file since.
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

/** All bytes up to the end, null where there are more than `maxBytes`. The size is only a guess: the file may grow. */
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
 * Opens a file of bs9's own to append to it, and makes it where it is not there, for this user alone. Throws a Bs9Error
 * that names the file where it is anything else than a regular file; a FIFO is not waited for.
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
