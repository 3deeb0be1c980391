// Turns the lines of one stream into records, from a time on, from an offset on, or backwards from the end.
import { basename } from "node:path";
import type { RawLine } from "../query.ts";
import { backwards, forwards, type LogFileLine } from "./lines.ts";
import { offsetAt, offsetBy, timeOf } from "./marks.ts";
import type { LogStream, Mark } from "./place.ts";
import type { StreamPart } from "./text.ts";

/** The parts of the log that may contain lines from `sinceMs` on; `end` is where the last part ends for this reader. */
export function* recordsSince(parts: StreamPart[], origin: LogStream, sinceMs: number, end: number, partial: boolean): Generator<RawLine> {
  for (const [i, part] of parts.entries()) {
    const isLast = i === parts.length - 1;
    if (!isLast && part.latestMs < sinceMs) continue;
    const source = part.open();
    if (source === null) continue;
    const to = isLast ? end : part.end;
    const from = Math.min(to, Math.max(part.start, offsetAt(source.list, sinceMs)));
    yield* lineRecords(forwards(source.read, from, to, partial || !isLast), origin, source.list, part.latestMs);
  }
}

/** The parts of the log that may contain lines up to `untilMs`, which is null for no limit. */
export function* recordsBackwards(parts: StreamPart[], origin: LogStream, untilMs: number | null, end: number): Generator<RawLine> {
  for (const part of parts.toReversed()) {
    const source = part.open();
    if (source === null) continue;
    const last = part === parts.at(-1) ? end : part.end;
    const to = untilMs === null ? last : Math.max(part.start, Math.min(last, offsetBy(source.list, untilMs)));
    yield* lineRecords(backwards(source.read, part.start, to), origin, source.list, part.latestMs);
  }
}

export function* lineRecords(
  lines: Iterable<LogFileLine>,
  { folder, stream }: LogStream,
  list: Mark[],
  latestMs: number,
): Generator<RawLine> {
  const service = basename(folder);
  for (const { bytes, end } of lines) {
    const text = withoutHole(bytes);
    if (text === null) continue;
    const said = text.toString("utf8");
    // The prefix of sd-daemon(3), which journald reads in the same way.
    const priority = said.charCodeAt(0) === 60 ? /^<([0-7])>/.exec(said) : null;
    yield {
      atMs: timeOf(list, end, latestMs),
      service,
      stream,
      priority: priority === null ? null : Number(priority[1]),
      message: priority === null ? said : said.slice(3),
    };
  }
}

/**
 * Trimming frees the start of a log file (punches a hole), which then reads as zero bytes. They are seen if the file was
 * trimmed during the read, or if its index was lost.
 */
function withoutHole(bytes: Buffer): Buffer | null {
  if (bytes[0] !== 0) return bytes;
  const begin = bytes.findIndex((byte) => byte !== 0);
  if (begin === -1) return bytes.length < 4096 ? bytes : null;
  return begin < 4096 ? bytes : bytes.subarray(begin);
}
