// Files that are there whole or not at all.
import { closeSync, fsyncSync, mkdirSync, openSync, readFileSync, renameSync, rmSync, statSync, writeSync } from "node:fs";
import { dirname, join } from "node:path";
import { errnoOf, failed, reasonOf } from "./errors.ts";

let counter = 0;

/**
 * Writes beside the target, syncs and renames, so that a reader, a crash or a full disk
 * finds the old text or the new one. Throws a Bs9Error that names the file.
 */
export function writeWhole(path: string, content: string | Uint8Array, mode: number): void {
  const partial = join(dirname(path), `.${process.pid}-${counter++}.part`);
  try {
    makeFolder(dirname(path));
    const fd = openSync(partial, "wx", mode);
    try {
      const bytes = typeof content === "string" ? Buffer.from(content) : content;
      for (let at = 0; at < bytes.length; ) at += writeSync(fd, bytes, at);
      fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
    renameSync(partial, path);
    syncFolder(dirname(path));
  } catch (error) {
    rmSync(partial, { force: true });
    throw failed(`cannot write ${path}: ${plainErrno(error)}`, { cause: error, ...hintFor(error, path) });
  }
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

/** Makes a folder and its parents, for this user alone. */
export function makeFolder(path: string): void {
  mkdirSync(path, { recursive: true, mode: 0o700 });
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
  if (errno === "ENOSPC" || errno === "EDQUOT") return { hint: `df -h ${dirname(path)}` };
  if (errno === "EACCES") return { hint: `ls -ld ${dirname(path)}` };
  return {};
}
