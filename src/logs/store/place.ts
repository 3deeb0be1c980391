// The directory of the log files of a service, and how a service gets files to write to.
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { isDirectory, whyNotRegular } from "../../base/regular.ts";

export const streams = ["stdout", "stderr"] as const;
export type StreamName = (typeof streams)[number];
/** One stream of a service; `folder` is the log directory of the service. */
export type LogStream = { folder: string; stream: StreamName };

/** A mark: at the time `atMs` the log file had been written up to `offset`. */
export type Mark = { offset: number; atMs: number };

export const logFile = (folder: string, stream: StreamName): string => join(folder, `${stream}.log`);

/** The log directory of one service; `logsFolder` contains those of all services. */
export const logFolder = (state: string, name: string): string => join(logsFolder(state), name);
export const logsFolder = (state: string): string => join(state, "logs");

/** A sentence for each directory or file of these services that is neither read nor trimmed, because bs9 did not create it. */
export function unreadStreams(root: string, services: string[]): string[] {
  return services.flatMap((name) => {
    const folder = join(root, name);
    if (!existsSync(folder)) return [];
    if (!isDirectory(folder)) return [`the log files of ${name} are not read: ${folder} is not a directory`];
    return streams.flatMap((stream) => {
      const why = whyNotRegular(logFile(folder, stream));
      return why === null ? [] : [`the log file ${logFile(folder, stream)} is not read: ${why}`];
    });
  });
}

/** The log directories of all services. */
export function logFolders(root: string): string[] {
  if (!existsSync(root)) return [];
  return readdirSync(root, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => join(root, name));
}
