// Opens the log files that a service writes to.
import { closeSync, constants } from "node:fs";
import { failed } from "../../base/errors.ts";
import { makeFolder } from "../../base/files.ts";
import { isDirectory, openNoFollow } from "../../base/regular.ts";
import { shellWord } from "../../base/text.ts";
import { mark } from "./marks.ts";
import { logFile, type StreamName, streams } from "./place.ts";

/**
 * The two files that a service is to append to, made for this user alone. They have to be opened with O_APPEND. Lines that the
 * files already contain are marked as older than now. Throws where the directory or one of the files is a symbolic link or anything else.
 */
export function openStreams(folder: string): Record<StreamName, string> {
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

/** Returns a descriptor for appending, and creates the file with mode 0600. Throws for a symbolic link, a FIFO or a device. */
export function openStream(file: string): number {
  const { O_WRONLY, O_APPEND, O_CREAT } = constants;
  return openNoFollow(file, O_WRONLY | O_APPEND | O_CREAT);
}
