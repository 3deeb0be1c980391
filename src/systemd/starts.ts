// What the restart step counts of a service: `starts-in-a-row uptime-of-the-last starts [given-up]` in one line.
import { join } from "node:path";
import { errnoOf } from "../base/errors.ts";
import { readIfThere } from "../base/files.ts";

/** Since `bs9 start` or `restart`, or since the boot. */
export type Starts = { count: number; isGivenUp: boolean };

export const givenUp = "given-up";

/** The file, or the folder with the file, below the runtime folder of the user. */
export const startsPath = (name: string): string => `bs9/starts/${name}`;

/** Null where nothing was counted: the service has not been started, or is not to be restarted. */
export function startsOf(runtimeDir: string, name: string): Starts | null {
  const path = join(runtimeDir, startsPath(name));
  try {
    const text = readIfThere(path, maxBytes);
    return text === null ? null : parseStarts(text);
  } catch (error) {
    // Of a step that runs within the sandbox it is a folder that systemd opens to it.
    if (errnoOf(error) !== "EISDIR") return null;
    return parseStarts(readIfThere(join(path, "count"), maxBytes) ?? "");
  }
}

const maxBytes = 4096;

/** Pure. Null for what the step has not written. */
export function parseStarts(text: string): Starts | null {
  const match = /^\d+ -?\d+ (\d{1,9})( \S+)?\n$/.exec(text);
  return match === null ? null : { count: Number(match[1]), isGivenUp: match[2]?.trim() === givenUp };
}
