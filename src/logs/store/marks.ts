// The index of a log file: which offset it had reached at which time.
import { closeSync, constants, lstatSync, type Stats, writeSync } from "node:fs";
import { join } from "node:path";
import { writeWhole } from "../../base/files.ts";
import { openNoFollow, readNoFollow } from "../../base/regular.ts";
import { archiveEnd } from "./archive.ts";
import { logFile, type Mark, type StreamName } from "./place.ts";

/**
 * Offsets count from the first byte that the stream ever had, so that they stay valid after the file was truncated or removed:
 * the byte at `offset` is at `offset - shift` in the file. The first mark is where the kept text begins.
 */
export type Marks = { inode: number; shift: number; list: Mark[] };

const indexFile = (folder: string, stream: StreamName): string => join(folder, `${stream}.index`);

/**
 * The number of marks for a day with one mark per second. If there are more, every second old mark is dropped: the times of old
 * lines get less exact, but do not become wrong.
 */
const maxMarks = 86_400;
const markBytes = 16;
const maxIndexBytes = 2 * maxMarks * markBytes;

/** Reads the index of a log file; null if it does not exist or is invalid. */
function load(folder: string, stream: StreamName): Marks | null {
  const bytes = bytesOf(indexFile(folder, stream));
  if (bytes === null || bytes.length < 2 * markBytes) return null;
  // A mark (an offset and a time) that was not written completely is ignored.
  const numbers = new Float64Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length - (bytes.length % markBytes)));
  const list: Mark[] = [];
  let before: Mark = { offset: 0, atMs: 0 };
  for (let i = 2; i < numbers.length; i += 2) {
    const mark = { offset: numbers[i] ?? Number.NaN, atMs: numbers[i + 1] ?? Number.NaN };
    if (!Number.isSafeInteger(mark.offset) || !(mark.offset >= before.offset && mark.atMs >= before.atMs)) return null;
    list.push(mark);
    before = mark;
  }
  const [inode = Number.NaN, shift = Number.NaN] = numbers;
  return Number.isSafeInteger(inode) && Number.isSafeInteger(shift) && shift <= (list[0]?.offset ?? -1) ? { inode, shift, list } : null;
}

function bytesOf(path: string): Buffer | null {
  try {
    return readNoFollow(path, maxIndexBytes);
  } catch {
    return null;
  }
}

/** The index, corrected for the file that exists now. */
export function marksOf(folder: string, stream: StreamName, { ino, size }: Pick<Stats, "ino" | "size">): Marks {
  const known = load(folder, stream);
  const last = known?.list.at(-1);
  if (known === null || last === undefined) {
    const shift = archiveEnd(folder, stream);
    return { inode: ino, shift, list: [{ offset: shift, atMs: 0 }] };
  }
  if (known.inode === ino && size + known.shift >= last.offset) return known;
  // The file was removed or truncated by somebody: its content now comes after everything that was known.
  return { inode: ino, shift: last.offset, list: [last] };
}

export function save(folder: string, stream: StreamName, { inode, shift, list }: Marks): void {
  const kept = list.length <= maxMarks ? list : list.filter((_, i) => i === 0 || i > list.length / 2 || i % 2 === 0);
  const numbers = new Float64Array([inode, shift, ...kept.flatMap(({ offset, atMs }) => [offset, atMs])]);
  writeWhole(indexFile(folder, stream), new Uint8Array(numbers.buffer), 0o600, false);
}

/**
 * Adds a mark to the index: the size that the log file has now. Its mtime is the time of the last byte, however late this runs.
 * Only regular files get marks.
 */
export function mark(folder: string, stream: StreamName): void {
  const stats = lstatSync(logFile(folder, stream), { throwIfNoEntry: false });
  if (stats?.isFile() !== true) return;
  const marks = marksOf(folder, stream, stats);
  const last = marks.list.at(-1);
  const known = load(folder, stream);
  const end = stats.size + marks.shift;
  const next = { offset: end, atMs: Math.max(last?.atMs ?? 0, Math.ceil(stats.mtimeMs)) };
  const hasGrown = last === undefined || end > last.offset;
  if (known === null || known.inode !== marks.inode || known.shift !== marks.shift || marks.list.length > maxMarks)
    save(folder, stream, { ...marks, list: hasGrown ? [...marks.list, next] : marks.list });
  else if (hasGrown) append(indexFile(folder, stream), next);
}

function append(index: string, { offset, atMs }: Mark): void {
  const fd = openNoFollow(index, constants.O_WRONLY | constants.O_APPEND);
  try {
    // A single write, because a half-written mark is ignored when the index is read.
    writeSync(fd, new Uint8Array(new Float64Array([offset, atMs]).buffer));
  } finally {
    closeSync(fd);
  }
}

/** The time by which the bytes up to `end` had been written; `latestMs` where no mark covers them. */
export function timeOf(list: Mark[], end: number, latestMs: number): number {
  return list[firstAt(list, (mark) => mark.offset >= end)]?.atMs ?? latestMs;
}

/** The offset from which on text may have been written at `sinceMs` or later. */
export function offsetAt(list: Mark[], sinceMs: number): number {
  const first = firstAt(list, (mark) => mark.atMs >= sinceMs);
  return list[Math.max(0, first - 1)]?.offset ?? 0;
}

/** The offset up to which text was written at `untilMs` or earlier; infinite where no later mark exists. */
export function offsetBy(list: Mark[], untilMs: number): number {
  const later = firstAt(list, (mark) => mark.atMs > untilMs);
  return later === list.length ? Number.POSITIVE_INFINITY : (list[later - 1]?.offset ?? 0);
}

/** Binary search: the condition is false up to some mark and true from it on. */
function firstAt(list: Mark[], condition: (mark: Mark) => boolean): number {
  let [low, high] = [0, list.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    const mark = list[middle];
    if (mark !== undefined && condition(mark)) high = middle;
    else low = middle + 1;
  }
  return low;
}
