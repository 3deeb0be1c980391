// What the supervisor says of a service: a short file of lines, beside those that the service writes itself.
import { appendFileSync, readFileSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import * as v from "valibot";
import type { LogQuery, LogRecord } from "../backend/backend.ts";
import { makeFolder, readIfThere, writeWhole } from "../base/files.ts";

const maxBytes = 64 * 1024;
const pollMs = 200;

const Line = v.strictObject({ atMs: v.number(), priority: v.number(), message: v.string() });

const folderOf = (state: string): string => join(state, "events");
const fileOf = (state: string, name: string): string => join(folderOf(state), `${name}.jsonl`);

/** A full disk costs the line, and no service its life. */
export function note(state: string, name: string, priority: number, message: string): void {
  const file = fileOf(state, name);
  try {
    makeFolder(folderOf(state));
    appendFileSync(file, `${JSON.stringify({ atMs: Date.now(), priority, message })}\n`, { mode: 0o600 });
    if (statSync(file).size > maxBytes) writeWhole(file, newerHalf(readFileSync(file, "utf8")), 0o600);
  } catch {}
}

export function forgetEvents(state: string, name: string): void {
  rmSync(fileOf(state, name), { force: true });
}

/** Oldest first; followed by looking again. */
export async function* readEvents(state: string, query: LogQuery, signal: AbortSignal): AsyncGenerator<LogRecord> {
  const accepts = (record: LogRecord) =>
    (query.sinceMs === null || record.atMs >= query.sinceMs) &&
    (query.untilMs === null || record.atMs <= query.untilMs) &&
    query.accept?.(record) !== false;
  const all = () => query.services.flatMap((name) => eventsOf(state, name)).sort((a, b) => a.atMs - b.atMs);
  const known = all();
  const shown = known.filter(accepts);
  yield* query.lines === null ? shown : shown.slice(Math.max(0, shown.length - query.lines));
  if (!query.follow) return;
  query.caughtUp?.();
  const seen = new Set(known.map(keyOf));
  while (!signal.aborted) {
    for (const record of all()) {
      if (seen.has(keyOf(record))) continue;
      seen.add(keyOf(record));
      if (accepts(record)) yield record;
    }
    await Bun.sleep(pollMs);
  }
}

const keyOf = ({ atMs, service, message }: LogRecord): string => `${atMs} ${service} ${message}`;

function eventsOf(state: string, name: string): LogRecord[] {
  const lines = (readIfThere(fileOf(state, name), 4 * maxBytes) ?? "").split("\n").filter(Boolean);
  return lines.flatMap((line): LogRecord[] => {
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
