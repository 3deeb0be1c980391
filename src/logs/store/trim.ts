// Frees space: the head of a log file is moved to an archive or deleted, while the service keeps writing.
import { closeSync, constants, fstatSync, ftruncateSync, lstatSync, readSync } from "node:fs";
import { punchHole } from "../../base/libc.ts";
import { openNoFollow } from "../../base/regular.ts";
import { archiveBytes, archives, removeArchive, writeArchive } from "./archive.ts";
import { lastLineEnd } from "./lines.ts";
import { type Marks, mark, marksOf, save } from "./marks.ts";
import { type LogStream, logFile } from "./place.ts";

/** The part of a file that is kept uncompressed; text beyond it is compressed. */
const plainBytes = 64 * 1024 * 1024;
const pieceBytes = 16 * 1024 * 1024;
/** This many bytes of the newest lines are kept even if that exceeds the quota. */
const leastBytes = 1024 * 1024;
const blockBytes = 4096;

/** The size on disk, including archives. */
export function bytesOnDisk({ folder, stream }: LogStream): number {
  const { blocks } = lstatSync(logFile(folder, stream), { throwIfNoEntry: false }) ?? { blocks: 0 };
  return archives(folder, stream).reduce((sum, archive) => sum + archiveBytes(archive), blocks * 512);
}

/** The bytes of text in the file that the index counts as kept. */
function plainLength({ folder, stream }: LogStream): number {
  const stats = lstatSync(logFile(folder, stream), { throwIfNoEntry: false });
  if (stats === undefined) return 0;
  const marks = marksOf(folder, stream, stats);
  return stats.size + marks.shift - startOf(marks);
}

/** Compresses one piece of the text beyond the uncompressed part; false where there is none. */
export async function archivePiece(place: LogStream, canPunch: boolean): Promise<boolean> {
  if (plainLength(place) <= plainBytes) return false;
  await opened(place, async (fd, marks, end) => {
    if (!canPunch) return truncate(place, fd, marks);
    const to = await archiveFrom(place, fd, marks, startOf(marks), end);
    await cut(place, fd, marks, to);
  });
  return true;
}

/** Deletes about that many of the oldest bytes; false where only the newest lines are left. */
export async function dropOldest(place: LogStream, bytes: number, canPunch: boolean): Promise<boolean> {
  const [oldest] = archives(place.folder, place.stream);
  if (oldest !== undefined) {
    removeArchive(oldest);
    return true;
  }
  if (plainLength(place) <= leastBytes) return false;
  await opened(place, async (fd, marks, end) => {
    if (!canPunch) return truncate(place, fd, marks);
    const start = startOf(marks);
    const wanted = Math.min(end - leastBytes, start + bytes);
    const to = lastLineEnd(reader(fd, marks), start, wanted);
    await cut(place, fd, marks, to > start ? to : wanted);
  });
  return true;
}

/** Removes unfinished archives, whose text the file still contains. */
export function removeUnfinished({ folder, stream }: LogStream): void {
  const found = archives(folder, stream);
  const stats = lstatSync(logFile(folder, stream), { throwIfNoEntry: false });
  if (found.length === 0 || stats === undefined) return;
  const start = startOf(marksOf(folder, stream, stats));
  for (const archive of found) if (archive.end > start) removeArchive(archive);
}

async function archiveFrom({ folder, stream }: LogStream, fd: number, marks: Marks, start: number, end: number): Promise<number> {
  const read = reader(fd, marks);
  const wanted = Math.min(end, start + pieceBytes);
  const line = lastLineEnd(read, start, wanted);
  const to = line > start ? line : wanted;
  const after = marks.list.findIndex(({ offset }) => offset >= to);
  const list = after === -1 ? marks.list : marks.list.slice(0, after + 1);
  await writeArchive(
    folder,
    stream,
    start,
    read(start, to),
    list.filter(({ offset }, i) => offset > start || i === 0),
  );
  return to;
}

/**
 * The index is written before the start of the file is freed, because freed bytes that the index does not list would be read as
 * text.
 */
async function cut({ folder, stream }: LogStream, fd: number, marks: Marks, to: number): Promise<void> {
  const next = marks.list.findIndex(({ offset }) => offset > to);
  const atMs = marks.list[next === -1 ? marks.list.length - 1 : Math.max(0, next - 1)]?.atMs ?? 0;
  save(folder, stream, { ...marks, list: [{ offset: to, atMs }, ...(next === -1 ? [] : marks.list.slice(next))] });
  const length = Math.floor((to - marks.shift) / blockBytes) * blockBytes;
  if (length > 0) await punchHole(fd, 0, length);
}

/** Archives the newest text and truncates the file: lines that are written between these two steps are lost. */
async function truncate(place: LogStream, fd: number, marks: Marks): Promise<void> {
  const { folder, stream } = place;
  let at = Math.max(startOf(marks), fstatSync(fd).size + marks.shift - 2 * plainBytes);
  for (;;) {
    const end = fstatSync(fd).size + marks.shift;
    if (at >= end) break;
    at = await archiveFrom(place, fd, marks, at, end);
  }
  ftruncateSync(fd, 0);
  const atMs = Math.max(marks.list.at(-1)?.atMs ?? 0, Date.now());
  save(folder, stream, { inode: marks.inode, shift: at, list: [{ offset: at, atMs }] });
}

async function opened(place: LogStream, work: (fd: number, marks: Marks, end: number) => Promise<void>): Promise<void> {
  mark(place.folder, place.stream);
  const fd = openNoFollow(logFile(place.folder, place.stream), constants.O_RDWR);
  try {
    const stats = fstatSync(fd);
    const marks = marksOf(place.folder, place.stream, stats);
    await work(fd, marks, stats.size + marks.shift);
  } finally {
    closeSync(fd);
  }
}

function reader(fd: number, { shift }: Marks): (from: number, to: number) => Buffer {
  return (from, to) => {
    const buffer = Buffer.allocUnsafe(to - from);
    return buffer.subarray(0, readSync(fd, buffer, 0, buffer.length, from - shift));
  };
}

function startOf({ shift, list }: Marks): number {
  return list[0]?.offset ?? shift;
}
