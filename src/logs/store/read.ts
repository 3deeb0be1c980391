// Reads the lines of all services of a query, merged by time: the last lines, a range, or new lines as they are written.
import { join } from "node:path";
import { isDirectory } from "../../base/regular.ts";
import { cutLine, type LogQuery, type RawLine } from "../query.ts";
import { followLogFiles, type Position } from "./follow.ts";
import { lastLineEnd } from "./lines.ts";
import { type LogStream, streams } from "./place.ts";
import { recordsBackwards, recordsSince } from "./records.ts";
import { type StreamText, streamTextOf } from "./text.ts";

type Opened = { origin: LogStream; text: StreamText; end: number };

/** `root` is the directory of all services. Services without a directory there have no lines here. */
export async function* readLogs(root: string, query: LogQuery, signal: AbortSignal): AsyncGenerator<RawLine> {
  const folders = query.services.map((name) => join(root, name));
  const opened = folders.filter(isDirectory).flatMap((folder) => open(folder, query.follow));
  try {
    const accept = (record: RawLine) =>
      (query.sinceMs === null || record.atMs >= query.sinceMs) &&
      (query.untilMs === null || record.atMs <= query.untilMs) &&
      query.accept?.(record) !== false;
    if (query.lines !== null) yield* await lastOnes(opened, query, accept, signal);
    else
      for (const record of range(opened, query, accept)) {
        if (signal.aborted) return;
        yield cutLine(record, query.maxMessageLength);
      }
  } finally {
    for (const { text } of opened) text.close();
  }
  if (!query.follow) return;
  query.caughtUp?.();
  const positions = new Map(
    opened.map(({ origin, text, end }): [string, Position] => [join(origin.folder, origin.stream), { offset: end, shift: text.shift }]),
  );
  for await (const record of followLogFiles(root, folders, positions, signal)) if (query.accept?.(record) !== false) yield record;
}

/** A reader that follows gets a partial line only after its newline was written. */
function open(folder: string, follows: boolean): Opened[] {
  return streams.flatMap((stream) => {
    const text = streamTextOf(folder, stream);
    const live = text?.parts.at(-1);
    if (text === null || live === undefined) return [];
    const source = follows ? live.open() : null;
    return [{ origin: { folder, stream }, text, end: source === null ? live.end : lastLineEnd(source.read, live.start, live.end) }];
  });
}

type Accept = (record: RawLine) => boolean;

function* range(opened: Opened[], { sinceMs, follow: follows }: LogQuery, accept: Accept): Generator<RawLine> {
  const sources = opened.map(({ text, origin, end }) => recordsSince(text.parts, origin, sinceMs ?? 0, end, !follows));
  for (const record of merged(sources)) if (accept(record)) yield record;
}

/** A search may take long, so it lets other work of this process run, and ends with the signal; what it found is returned. */
async function lastOnes(opened: Opened[], query: LogQuery, accept: Accept, signal: AbortSignal): Promise<RawLine[]> {
  const { lines, sinceMs, untilMs, maxMessageLength } = query;
  if (lines === null || lines === 0) return [];
  let found: RawLine[] = [];
  let turnMs = performance.now();
  for (const { text, origin, end } of opened) {
    const some: RawLine[] = [];
    for (const record of recordsBackwards(text.parts, origin, untilMs, end)) {
      // From here on the times only decrease.
      if (sinceMs !== null && record.atMs < sinceMs) break;
      if (accept(record) && some.push(cutLine(record, maxMessageLength)) >= lines) break;
      if (performance.now() - turnMs < turnLengthMs) continue;
      await new Promise(setImmediate);
      turnMs = performance.now();
      if (signal.aborted) break;
    }
    // Only the last ones are kept, so that the memory does not grow with the number of services.
    found = [...merged([found, some.reverse()])].slice(-lines);
    if (signal.aborted) break;
  }
  return found;
}

const turnLengthMs = 5;

/** Each source is sorted; of two lines with the same time, the line of the earlier source comes first. */
function* merged(sources: Iterable<RawLine>[]): Generator<RawLine> {
  const heads = sources.flatMap((source) => {
    const rest = source[Symbol.iterator]();
    const first = rest.next();
    return first.done ? [] : [{ record: first.value, rest }];
  });
  while (heads.length > 0) {
    let best = 0;
    for (let i = 1; i < heads.length; i++) if ((heads[i]?.record.atMs ?? 0) < (heads[best]?.record.atMs ?? 0)) best = i;
    const head = heads[best];
    if (head === undefined) return;
    yield head.record;
    const next = head.rest.next();
    if (next.done) heads.splice(best, 1);
    else head.record = next.value;
  }
}
