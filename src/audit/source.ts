// Reads a source file, without being held up by what only looks like one.
import { closeSync, constants, fstatSync, openSync, readSync, statSync } from "node:fs";
import { errnoOf, reasonOf } from "../base/errors.ts";

export type Source = { text: string; isBinary: boolean } | { unread: string };

/** The text, or in words why there is none. */
export function readSource(path: string, maxBytes: number): Source {
  try {
    // Asked before it is opened: to open a device is an act of its own.
    if (!statSync(path).isFile()) return { unread: "it is no regular file" };
    // Non-blocking, should a FIFO have taken its place since.
    const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      return readOpen(fd, maxBytes);
    } finally {
      closeSync(fd);
    }
  } catch (error) {
    return { unread: errnoOf(error) === "EACCES" ? "this user may not read it" : reasonOf(error) };
  }
}

function readOpen(fd: number, maxBytes: number): Source {
  const stat = fstatSync(fd);
  if (!stat.isFile()) return { unread: "it is no regular file" };
  if (stat.size > maxBytes) return { unread: `its ${stat.size} bytes are more than the ${maxBytes} that are read` };
  // No further than the size: files of /proc have none and may wait for ever (/proc/kmsg).
  const bytes = new Uint8Array(stat.size);
  let length = 0;
  while (length < bytes.length) {
    const count = readSync(fd, bytes, length, bytes.length - length, null);
    if (count === 0) break;
    length += count;
  }
  // Decoding drops a byte order mark, as Bun does.
  return { text: new TextDecoder().decode(bytes.subarray(0, length)), isBinary: bytes.includes(0) };
}
