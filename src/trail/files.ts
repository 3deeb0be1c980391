// The files of the trail, in which bs9 records every act: the current file, and the full files, the oldest first.

import { readdirSync } from "node:fs";
import { basename, join } from "node:path";
import { readBytesIfThere } from "../base/files.ts";
import { parseLine, sha256, type TrailRecord } from "./record.ts";

export const currentFile = (folder: string): string => join(folder, "trail.jsonl");

/** A full file is named after its last record, so that its name never changes. */
export const fullFile = (folder: string, lastSeq: number): string => join(folder, `trail.${lastSeq}.jsonl`);

export function fullFiles(folder: string): string[] {
  const numbers = listed(folder).flatMap((name) => /^trail\.(\d{1,15})\.jsonl$/.exec(name)?.[1] ?? []);
  return numbers.sort((a, b) => Number(a) - Number(b)).map((number) => fullFile(folder, Number(number)));
}

export type TrailText = { file: string; text: string };

export function trailTexts(folder: string): TrailText[] {
  return [...fullFiles(folder), currentFile(folder)].flatMap((path) => {
    const bytes = read(path);
    return bytes === null ? [] : [{ file: basename(path), text: bytes.toString("utf8") }];
  });
}

/** The files that may have records before the record `before` (null: all), the newest first; each is read when it is needed. */
export function* newestTexts(folder: string, before: number | null): Generator<TrailText> {
  const full = fullFiles(folder);
  const files = [...full, currentFile(folder)];
  for (const [i, path] of [...files.entries()].toReversed()) {
    // The records of a file begin after the last one of the file before.
    const earlier = full[i - 1];
    if (before !== null && earlier !== undefined && lastSeqOf(earlier) >= before - 1) continue;
    const bytes = read(path);
    if (bytes !== null) yield { file: basename(path), text: bytes.toString("utf8") };
  }
}

const lastSeqOf = (full: string): number => Number(/\.(\d+)\.jsonl$/.exec(full)?.[1] ?? 0);

/** Where the next record continues. */
export type End = {
  last: TrailRecord | null;
  bytes: number;
  /** The last line has no newline, because its writer was interrupted. */
  isOpen: boolean;
  /** The rest of a record that was not written completely. */
  torn: { bytes: number; digest: string } | null;
};

export function endOf(folder: string): End {
  const bytes = read(currentFile(folder)) ?? Buffer.alloc(0);
  const isOpen = bytes.length > 0 && bytes[bytes.length - 1] !== 0x0a;
  const tail = bytes.subarray(bytes.lastIndexOf(0x0a) + 1);
  const whole = isOpen ? parseLine(tail.toString("utf8")) : null;
  const torn = isOpen && whole === null ? { bytes: tail.length, digest: sha256(tail) } : null;
  const earlier = () =>
    lastRecord(bytes) ??
    fullFiles(folder)
      .toReversed()
      .map((path) => lastRecord(read(path) ?? Buffer.alloc(0)))
      .find((record) => record !== null);
  return { last: whole ?? earlier() ?? null, bytes: bytes.length, isOpen, torn };
}

export function firstRecord(path: string): TrailRecord | null {
  return parseLine(read(path)?.toString("utf8").split("\n", 1)[0] ?? "");
}

/** The last line that is a valid record; `verify` reports invalid lines after it. */
function lastRecord(bytes: Buffer): TrailRecord | null {
  for (let end = bytes.lastIndexOf(0x0a); end > 0; ) {
    const start = bytes.lastIndexOf(0x0a, end - 1) + 1;
    const record = parseLine(bytes.toString("utf8", start, end));
    if (record !== null) return record;
    end = start - 1;
  }
  return null;
}

/** A file counts as full from 4 MiB on; its last record may have made it larger than that. */
const maxFileBytes = 64 * 1024 * 1024;

const read = (path: string): Buffer | null => readBytesIfThere(path, maxFileBytes);

function listed(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
