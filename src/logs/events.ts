// The file of what bs9 itself reports about a service: a short file of lines, beside the logs that the service writes.
import { closeSync, constants, existsSync, rmSync, statSync, writeSync } from "node:fs";
import { join } from "node:path";
import * as v from "valibot";
import { makeFolder, readIfThere, removeEmpty, writeWhole } from "../base/files.ts";
import { openNoFollow } from "../base/regular.ts";
import type { LogQuery, RawLine } from "./query.ts";

const maxBytes = 64 * 1024;
const pollMs = 200;

const Line = v.strictObject({ atMs: v.number(), priority: v.number(), message: v.string() });

const folderOf = (state: string): string => join(state, "events");
const fileOf = (state: string, name: string): string => join(folderOf(state), `${name}.jsonl`);

/** If the disk is full, the line is lost, but the service is not affected. */
export function note(state: string, name: string, priority: number, message: string): void {
  const file = fileOf(state, name);
  try {
    makeFolder(folderOf(state));
    const fd = openNoFollow(file, constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT);
    try {
      writeSync(fd, `${JSON.stringify({ atMs: Date.now(), priority, message })}\n`);
    } finally {
      closeSync(fd);
    }
    if (statSync(file).size > maxBytes) writeWhole(file, newerHalf(readIfThere(file) ?? ""), 0o600);
  } catch {}
}

export function forgetEvents(state: string, name: string): void {
  rmSync(fileOf(state, name), { force: true });
  removeEmpty(folderOf(state));
}

export const hasEvents = (state: string, services: string[]): boolean =>
  existsSync(folderOf(state)) && services.some((name) => existsSync(fileOf(state, name)));

/** Yields the oldest line first. Following works by polling the files for changes. */
export async function* readEvents(state: string, query: LogQuery, signal: AbortSignal): AsyncGenerator<RawLine> {
  const accepts = (record: RawLine) =>
    (query.sinceMs === null || record.atMs >= query.sinceMs) &&
    (query.untilMs === null || record.atMs <= query.untilMs) &&
    query.accept?.(record) !== false;
  const stamps = new Map<string, string>();
  const changed = () => {
    const names = existsSync(folderOf(state)) ? query.services : [];
    const news = names.filter((name) => {
      const stat = statSync(fileOf(state, name), { throwIfNoEntry: false });
      const stamp = stat === undefined ? "" : `${stat.ino}:${stat.size}`;
      const isNew = stamp !== (stamps.get(name) ?? "");
      stamps.set(name, stamp);
      return isNew;
    });
    return news.flatMap((name) => eventsOf(state, name)).sort((a, b) => a.atMs - b.atMs);
  };
  const known = changed();
  const shown = known.filter(accepts);
  yield* query.lines === null ? shown : shown.slice(Math.max(0, shown.length - query.lines));
  if (!query.follow) return;
  query.caughtUp?.();
  const seen = new Set(known.map(keyOf));
  while (!signal.aborted) {
    for (const record of changed()) {
      if (seen.has(keyOf(record))) continue;
      seen.add(keyOf(record));
      if (accepts(record)) yield record;
    }
    await Bun.sleep(pollMs);
  }
}

const keyOf = ({ atMs, service, message }: RawLine): string => `${atMs} ${service} ${message}`;

function eventsOf(state: string, name: string): RawLine[] {
  const lines = (readIfThere(fileOf(state, name), 4 * maxBytes) ?? "").split("\n").filter(Boolean);
  return lines.flatMap((line): RawLine[] => {
    const parsed = v.safeParse(Line, parsedOf(line));
    return parsed.success ? [{ ...parsed.output, service: name, stream: "bs9" }] : [];
  });
}

function parsedOf(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return null;
  }
}

const newerHalf = (text: string): string => text.slice(text.indexOf("\n", Math.floor(text.length / 2)) + 1);
