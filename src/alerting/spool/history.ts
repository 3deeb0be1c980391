// The history of the events that were told: one line of JSON each, the newest last, in a file of limited size.
import { closeSync, fstatSync, writeSync } from "node:fs";
import { dirname, join } from "node:path";
import * as v from "valibot";
import { makeFolder, openToAppend, readIfThere, writeWhole } from "../../base/files.ts";
import { AlertEvent } from "../message.ts";

/** A file that has grown beyond this is cut to its newer half. */
const maxBytes = 1024 * 1024;

const alertHistoryFile = (state: string): string => join(state, "alerts", "history.jsonl");

export function appendAlertHistory(state: string, events: readonly AlertEvent[]): void {
  const path = alertHistoryFile(state);
  makeFolder(dirname(path));
  const fd = openToAppend(path);
  let size: number;
  try {
    writeSync(fd, events.map((event) => `${JSON.stringify(event)}\n`).join(""));
    size = fstatSync(fd).size;
  } finally {
    closeSync(fd);
  }
  if (size > maxBytes) writeWhole(path, newerHalf(readIfThere(path, 16 * maxBytes) ?? ""), 0o600, false);
}

/** The oldest first; lines that cannot be parsed are left out. */
export function readAlertHistory(state: string): AlertEvent[] {
  return (readIfThere(alertHistoryFile(state), 16 * maxBytes) ?? "").split("\n").flatMap((line) => {
    try {
      const parsed = v.safeParse(AlertEvent, JSON.parse(line));
      return parsed.success ? [parsed.output] : [];
    } catch {
      return [];
    }
  });
}

function newerHalf(text: string): string {
  const begin = text.indexOf("\n", Math.max(0, text.length - maxBytes / 2)) + 1;
  return text.slice(begin);
}
