// Where the log files of a service lie, and how a service gets them to write to.
import { closeSync, constants, existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { failed } from "../../base/errors.ts";
import { makeFolder } from "../../base/files.ts";
import { isDirectory, openNoFollow, whyNotRegular } from "../../base/regular.ts";
import { shellWord } from "../../base/text.ts";
import { mark } from "./marks.ts";
import { logFile, type Stream, streams } from "./stream.ts";

/** Of a service; the folder of all of them is `logsFolder`. */
export const logFolder = (state: string, name: string): string => join(logsFolder(state), name);
export const logsFolder = (state: string): string => join(state, "logs");

/**
 * The two files that a service is to append to, made for this user alone. They have to be opened O_APPEND. What is in them
 * already is marked as older than now. Throws where the directory or one of the files is a symbolic link or anything else.
 */
export function openStreams(folder: string): Record<Stream, string> {
  makeFolder(folder);
  if (!isDirectory(folder))
    throw failed(`cannot write the log files in ${folder}: it is a symbolic link, which is not followed`, {
      hint: `ls -ld ${shellWord(folder)}`,
    });
  for (const stream of streams) {
    closeSync(openStream(logFile(folder, stream)));
    mark(folder, stream);
  }
  return { stdout: logFile(folder, "stdout"), stderr: logFile(folder, "stderr") };
}

/** A descriptor that appends; made for this user alone where there is none. Throws for a link, a FIFO or a device in its place. */
export function openStream(file: string): number {
  const { O_WRONLY, O_APPEND, O_CREAT } = constants;
  return openNoFollow(file, O_WRONLY | O_APPEND | O_CREAT);
}

/** A sentence for each directory or file of these services that is not read or trimmed, because it is not what bs9 has made. */
export function unreadStreams(root: string, services: string[]): string[] {
  return services.flatMap((name) => {
    const folder = join(root, name);
    if (!existsSync(folder)) return [];
    if (!isDirectory(folder)) return [`the log files of ${name} are not read: ${folder} is not a directory of its own`];
    return streams.flatMap((stream) => {
      const why = whyNotRegular(logFile(folder, stream));
      return why === null ? [] : [`the log file ${logFile(folder, stream)} is not read: ${why}`];
    });
  });
}

/** The folders of services in the folder of all. */
export function logFolders(root: string): string[] {
  if (!existsSync(root)) return [];
  return readdirSync(root, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => join(root, name));
}
