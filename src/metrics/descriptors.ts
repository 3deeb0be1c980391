// Reads small files of the kernel again and again. Their descriptors are kept open, up to a limit, and all share one buffer.
import { closeSync, existsSync, openSync, readSync } from "node:fs";
import { join } from "node:path";
import { readProc } from "../base/proc.ts";

/** The open files of one cgroup by name; -1 is a file that does not exist. */
export type CgroupFiles = { folder: string; descriptors: Map<string, number> };

export type Descriptors = {
  /** Reads the file into `bytes` and returns its length; null where the file does not exist or its cgroup is gone. */
  read(opened: CgroupFiles, file: string): number | null;
  readonly bytes: Buffer;
  /**
   * The whole file, up to a limit. Some files of the kernel need several reads, because one read ends after a page. Empty where
   * the file does not exist or is gone.
   */
  text(opened: CgroupFiles, file: string): string;
  /** Closes the descriptors of a cgroup. */
  forget(opened: CgroupFiles): void;
  readonly kept: number;
};

const bufferBytes = 16 * 1024;
const maxTextBytes = 1024 * 1024;

export function keepDescriptors(limit = allowedDescriptors()): Descriptors {
  const bytes = Buffer.alloc(bufferBytes);
  let kept = 0;

  const open = (opened: CgroupFiles, file: string): { fd: number; isKept: boolean } => {
    const known = opened.descriptors.get(file);
    if (known !== undefined) return { fd: known, isKept: true };
    const path = join(opened.folder, file);
    // The files of a controller that is not delegated are missing. Checking first is ten times cheaper than a thrown error.
    const fd = existsSync(path) ? openSync(path, "r") : -1;
    const isKept = fd === -1 || kept < limit;
    if (isKept) opened.descriptors.set(file, fd);
    if (isKept && fd !== -1) kept++;
    return { fd, isKept };
  };

  const using = <T>(opened: CgroupFiles, file: string, take: (fd: number) => T): T | null => {
    try {
      const { fd, isKept } = open(opened, file);
      if (fd === -1) return null;
      try {
        return take(fd);
      } finally {
        if (!isKept) closeSync(fd);
      }
    } catch {
      // ENODEV: the cgroup is gone, even if a new one has its name.
      return null;
    }
  };

  return {
    bytes,
    get kept() {
      return kept;
    },
    read: (opened, file) => using(opened, file, (fd) => readSync(fd, bytes, 0, bufferBytes, 0)),
    text: (opened, file) => using(opened, file, (fd) => textFrom(fd, bytes)) ?? "",
    forget(opened) {
      for (const fd of opened.descriptors.values()) {
        if (fd === -1) continue;
        closeSync(fd);
        kept--;
      }
      opened.descriptors.clear();
    },
  };
}

function textFrom(fd: number, bytes: Buffer): string {
  let text = "";
  while (text.length < maxTextBytes) {
    const length = readSync(fd, bytes, 0, bufferBytes, text.length);
    if (length === 0) break;
    text += bytes.toString("latin1", 0, length);
  }
  return text;
}

/** Half of the descriptors that this process may open; the other half is for everything else. */
function allowedDescriptors(): number {
  const soft = /^Max open files\s+(\d+)/m.exec(readProc("self/limits") ?? "")?.[1];
  return Math.floor(Number(soft ?? 1024) / 2);
}
