// The compressed archives of a log file: one file for each piece, named by its first and last offset.
import { lstatSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import * as v from "valibot";
import { writeWhole } from "../../base/files.ts";
import { readNoFollow } from "../../base/regular.ts";
import type { Mark, StreamName } from "./place.ts";

export type Archive = { path: string; start: number; end: number };

/**
 * Offsets in file names have 16 decimal digits: that is enough for 9 PB, and names of equal length sort in the order of their
 * offsets.
 */
const digits = 16;

export function archives(folder: string, stream: StreamName): Archive[] {
  const pattern = new RegExp(`^${stream}\\.(\\d{${digits}})-(\\d{${digits}})\\.zst$`);
  return entriesOf(folder)
    .sort()
    .flatMap((name) => {
      const [, start, end] = pattern.exec(name) ?? [];
      return start === undefined || end === undefined ? [] : [{ path: join(folder, name), start: Number(start), end: Number(end) }];
    });
}

/** The directory is deleted with its service, even while somebody reads it. */
function entriesOf(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

export function archiveEnd(folder: string, stream: StreamName): number {
  return archives(folder, stream).at(-1)?.end ?? 0;
}

/** The first line of an archive contains the marks (which offset the log had reached at which time); the text follows. */
export async function writeArchive(folder: string, stream: StreamName, start: number, text: Buffer, list: Mark[]): Promise<void> {
  const end = start + text.length;
  const name = [start, end].map((offset) => String(offset).padStart(digits, "0")).join("-");
  const head = Buffer.from(`${JSON.stringify(list.map(({ offset, atMs }) => [offset, atMs]))}\n`);
  const packed = await Bun.zstdCompress(Buffer.concat([head, text]), { level: 3 });
  writeWhole(join(folder, `${stream}.${name}.zst`), packed, 0o600);
}

const Head = v.array(v.strictTuple([v.number(), v.number()]));

/** More than any archived piece can take, however badly it compresses. */
const maxPackedBytes = 64 * 1024 * 1024;

/** Reads an archive of a log; null if it was removed, is damaged, or is not a regular file. */
export function readArchive({ path, start, end }: Archive): { text: Buffer; list: Mark[] } | null {
  try {
    const bytes = Buffer.from(Bun.zstdDecompressSync(readNoFollow(path, maxPackedBytes)));
    const newline = bytes.indexOf(10);
    const list = v.parse(Head, JSON.parse(bytes.toString("utf8", 0, newline))).map(([offset, atMs]) => ({ offset, atMs }));
    const text = bytes.subarray(newline + 1);
    return text.length === end - start ? { text, list } : null;
  } catch {
    return null;
  }
}

export function archiveBytes({ path }: Archive): number {
  return (lstatSync(path, { throwIfNoEntry: false })?.blocks ?? 0) * 512;
}

export function removeArchive({ path }: Archive): void {
  rmSync(path, { force: true });
}
