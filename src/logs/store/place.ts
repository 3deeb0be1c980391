// Where the log files of a service lie, and how a service gets them to write to.
import { closeSync, constants, existsSync, openSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { makeFolder } from "../../base/files.ts";
import { mark } from "./marks.ts";
import { logFile, type Stream, streams } from "./stream.ts";

/** Of a service; the folder of all of them is `logsFolder`. */
export const logFolder = (state: string, name: string): string => join(logsFolder(state), name);
export const logsFolder = (state: string): string => join(state, "logs");

/**
 * The two files that a service is to append to, made for this user alone. They have to be opened O_APPEND. What is in them
 * already is marked as older than now.
 */
export function openStreams(folder: string): Record<Stream, string> {
  makeFolder(folder);
  for (const stream of streams) {
    closeSync(openStream(logFile(folder, stream)));
    mark(folder, stream);
  }
  return { stdout: logFile(folder, "stdout"), stderr: logFile(folder, "stderr") };
}

/** Appends; a FIFO that was put in its place is refused and not waited for. */
export function openStream(file: string): number {
  const { O_WRONLY, O_APPEND, O_CREAT, O_NONBLOCK } = constants;
  return openSync(file, O_WRONLY | O_APPEND | O_CREAT | O_NONBLOCK, 0o600);
}

/** The folders of services in the folder of all. */
export function logFolders(root: string): string[] {
  if (!existsSync(root)) return [];
  return readdirSync(root, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => join(root, name));
}
