// Reads everything that is kept of a stream as one text: first the archives, then the file, each with its marks.
import { closeSync, constants, fstatSync, readSync } from "node:fs";
import { openNoFollow } from "../../base/regular.ts";
import { archives, readArchive } from "./archive.ts";
import type { Bytes } from "./lines.ts";
import { marksOf } from "./marks.ts";
import { logFile, type Mark, type StreamName } from "./place.ts";

export type StreamPart = {
  start: number;
  end: number;
  /** The time when its last byte had been written. */
  latestMs: number;
  /**
   * Opens this part of the log. It is opened only when it is needed, because an archive must be decompressed and most queries
   * need none. Null if it cannot be read.
   */
  open(): { read: Bytes; list: Mark[] } | null;
};

/** The last part is the file itself. Call `close` after reading. */
export type StreamText = { parts: StreamPart[]; shift: number; close: () => void };

/** Opens the archives and the file of one log as one text; null if there is no regular file to read. */
export function streamTextOf(folder: string, stream: StreamName): StreamText | null {
  let fd: number;
  try {
    fd = openNoFollow(logFile(folder, stream), constants.O_RDONLY);
  } catch {
    return null;
  }
  const stats = fstatSync(fd);
  const { shift, list } = marksOf(folder, stream, stats);
  const start = list[0]?.offset ?? shift;
  const read: Bytes = (from, to) => {
    const buffer = Buffer.allocUnsafe(to - from);
    return buffer.subarray(0, readSync(fd, buffer, 0, buffer.length, from - shift));
  };
  const live: StreamPart = { start, end: stats.size + shift, latestMs: Math.ceil(stats.mtimeMs), open: () => ({ read, list }) };
  const parts = archives(folder, stream)
    // The text of an unfinished archive is still in the log file, so the archive is not read.
    .filter((archive) => archive.end <= start)
    .map(
      (archive): StreamPart => ({ start: archive.start, end: archive.end, latestMs: list[0]?.atMs ?? 0, open: () => unpacked(archive) }),
    );
  return { parts: [...parts, live], shift, close: () => closeSync(fd) };
}

function unpacked(archive: Parameters<typeof readArchive>[0]): ReturnType<StreamPart["open"]> {
  const found = readArchive(archive);
  if (found === null) return null;
  const { text, list } = found;
  return { read: (from, to) => text.subarray(from - archive.start, to - archive.start), list };
}
