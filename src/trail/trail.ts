// The trail: an append-only record of every act; each line contains the hash of the previous one.
import { closeSync, fsyncSync, renameSync, rmSync, writeSync } from "node:fs";
import { dirname } from "node:path";
import { failed } from "../base/errors.ts";
import { makeFolder, openToAppend, plainErrno, syncFolder } from "../base/files.ts";
import { randomHex } from "../base/random.ts";
import { currentFile, type End, endOf, firstRecord, fullFile, fullFiles, newestTexts, trailTexts } from "./files.ts";
import type { Journal, Witness } from "./journal.ts";
import { type Act, mendAct, origin, parseLine, rotateAct, sealed, type TrailRecord, type Who } from "./record.ts";
import type { TrailVerdict } from "./verdict.ts";
import { verify } from "./verify.ts";

export type TrailOptions = {
  folder: string;
  who: Who;
  now: () => number;
  journal: Journal;
  /** A file of this size is full. */
  maxBytes?: number;
  /** The number of full files that are kept. */
  keep?: number;
};

const fullBytes = 4 * 1024 * 1024;
const keptFiles = 8;

export class Trail {
  readonly #options: Required<TrailOptions>;

  constructor(options: TrailOptions) {
    this.#options = { maxBytes: fullBytes, keep: keptFiles, ...options };
  }

  /**
   * Must be called under the lock of the registry, because two writers would both continue the chain of hashes from the same
   * line. Throws where it cannot be written.
   */
  async append(act: Act): Promise<void> {
    const { folder, journal } = this.#options;
    const end = endOf(folder);
    const acts = [...mending(end), act];
    const rotation = end.bytes >= this.#options.maxBytes && !end.isOpen && end.last !== null ? this.#rotate(end.last) : null;
    const chained = this.#chain(end.last, rotation === null ? acts : [rotation.act, ...acts]);
    write(currentFile(folder), `${end.isOpen ? "\n" : ""}${chained.map(({ line }) => `${line}\n`).join("")}`);
    // The oldest file is deleted last: a crash before this line leaves one file too many, never one too few.
    for (const path of rotation?.dropped ?? []) rmSync(path, { force: true });
    for (const { chain, seq, hash } of chained) await journal.tell({ trail: currentFile(folder), chain, seq, hash });
  }

  /** Every readable record, the oldest first. */
  *records(): Generator<TrailRecord> {
    for (const { text } of trailTexts(this.#options.folder)) {
      for (const line of text.split("\n")) {
        const record = line === "" ? null : parseLine(line);
        if (record !== null) yield record;
      }
    }
  }

  /**
   * Every readable record before the record `before` (null: all), the newest first. Only the files that the caller needs are read,
   * and only the lines that it takes are parsed.
   */
  *newestFirst(before: number | null = null): Generator<TrailRecord> {
    for (const { text } of newestTexts(this.#options.folder, before)) {
      for (let end = text.length; end > 0; ) {
        const start = text.lastIndexOf("\n", end - 1) + 1;
        const line = text.slice(start, end);
        const isLater = before !== null && (seqIn(line) ?? 0) >= before;
        const record = start === end || isLater ? null : parseLine(line);
        if (record !== null) yield record;
        end = start - 1;
      }
    }
  }

  /** The record of the last time that this act succeeded on this target; null where the trail has none. */
  last(act: string, target: string): TrailRecord | null {
    // The form that canonical() writes, so that only lines about this act are parsed.
    const mark = `"act":${JSON.stringify(act)}`;
    for (const { text } of trailTexts(this.#options.folder).toReversed()) {
      for (let at = text.lastIndexOf(mark); at >= 0; at = text.lastIndexOf(mark, at - 1)) {
        const end = text.indexOf("\n", at);
        const record = parseLine(text.slice(text.lastIndexOf("\n", at) + 1, end < 0 ? undefined : end));
        const isIt = record?.act === act && record.targets.includes(target) && !record.result.failed.includes(target);
        if (isIt) return record;
        if (at === 0) break;
      }
    }
    return null;
  }

  async verify(): Promise<TrailVerdict> {
    const { folder, journal } = this.#options;
    // systemd's journal is read before the file: a line that another command adds meanwhile is then only in the file, which is
    // not reported as a fault.
    const witnesses = await journal.recall(currentFile(folder));
    return verify(trailTexts(folder), witnesses);
  }

  #chain(last: TrailRecord | null, acts: Act[]): (Omit<Witness, "trail"> & { line: string })[] {
    const at = new Date(this.#options.now()).toISOString();
    const chain = last?.chain ?? randomHex(8);
    let seq = last?.seq ?? 0;
    let previous = last?.hash ?? origin;
    return acts.map((act) => {
      const { line, hash } = sealed({ chain, seq: ++seq, at, who: this.#options.who, ...act, previous });
      previous = hash;
      return { chain, seq, line, hash };
    });
  }

  /** The new file begins with a record that says where the oldest kept file begins. */
  #rotate(last: TrailRecord): { act: Act; dropped: string[] } {
    const { folder, keep } = this.#options;
    renameSync(currentFile(folder), fullFile(folder, last.seq));
    const files = fullFiles(folder);
    const dropped = files.slice(0, Math.max(0, files.length - keep));
    const first = dropped.length === 0 ? null : firstRecord(files[dropped.length] ?? "");
    const difference = first === null ? [] : [{ path: "first", after: { seq: first.seq, previous: first.previous } }];
    return {
      act: ofItself(rotateAct, difference, `the previous file ends with record ${last.seq}`),
      dropped: first === null ? [] : dropped,
    };
  }
}

/** The number of a record, read without parsing the line; null where the line has another form. */
function seqIn(line: string): number | null {
  const at = line.lastIndexOf(',"seq":');
  const [, seq] = /^(\d{1,15}),"targets":\[/.exec(line.slice(at + ',"seq":'.length, at + 40)) ?? [];
  return at < 0 || seq === undefined ? null : Number(seq);
}

function mending({ torn }: End): Act[] {
  return torn === null
    ? []
    : [ofItself(mendAct, [{ path: "torn", before: torn }], "a record was not written completely: bs9 was killed, or the disk was full")];
}

function ofItself(act: string, difference: Act["difference"], message: string): Act {
  return { act, targets: [], difference, result: { outcome: "ok", exitStatus: 0, message, failed: [] } };
}

/** Appends all lines with one write, and returns when they are on disk. */
function write(path: string, text: string): void {
  try {
    makeFolder(dirname(path));
    const fd = openToAppend(path);
    try {
      const bytes = Buffer.from(text);
      for (let at = 0; at < bytes.length; ) at += writeSync(fd, bytes, at);
      fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
    syncFolder(dirname(path));
  } catch (error) {
    throw failed(`cannot write ${path}: ${plainErrno(error)}`, { cause: error });
  }
}
