// What the restart step counts of a service: `starts-in-a-row uptime-of-the-last starts [given-up]` in one line.
import { rmSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { readIfThere, removeEmpty } from "../base/files.ts";

/** Since `bs9 start` or `restart`, or since the boot. */
export type Starts = { count: number; isGivenUp: boolean };

export const givenUp = "given-up";

/** The file, or the folder with the file, below the runtime folder of the user. */
export const startsPath = (name: string): string => `bs9/starts/${name}`;

/** Removes the counter of a deleted service; the directories above go with the last one. */
export function removeStarts(runtimeDir: string, name: string): void {
  const path = join(runtimeDir, startsPath(name));
  rmSync(path, { recursive: true, force: true });
  for (const folder of [dirname(path), dirname(dirname(path))]) removeEmpty(folder);
}

/** Null where nothing was counted: the service has not been started, or is not to be restarted. */
export function startsOf(runtimeDir: string, name: string): Starts | null {
  const path = join(runtimeDir, startsPath(name));
  // Where the step runs within the sandbox, systemd opens a directory to it, with the file in it.
  const isFolder = statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
  try {
    const text = readIfThere(isFolder ? join(path, "count") : path, maxBytes);
    return text === null ? null : parseStarts(text);
  } catch {
    return null;
  }
}

const maxBytes = 4096;

/** Pure. Null for what the step has not written. */
export function parseStarts(text: string): Starts | null {
  const match = /^\d+ -?\d+ (\d{1,9})( \S+)?\n$/.exec(text);
  return match === null ? null : { count: Number(match[1]), isGivenUp: match[2]?.trim() === givenUp };
}
