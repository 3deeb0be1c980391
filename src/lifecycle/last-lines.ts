// The last log lines of a service that did not come up.

import type { Deps } from "./deps.ts";
import { linesWithError } from "./reason/error-line.ts";
import { plainLine } from "./reason/explain.ts";

const maxLines = 20;
const maxRecords = 500;
const maxLineLength = 500;

export type LastWords = {
  lines: string[];
  /** How the service ended in the words of the backend; null if the backend says nothing. */
  end: string | null;
};

/**
 * The lines of the service up to its first end, because a second try after an immediate restart writes the same again. The
 * journal gets lines a moment after they were written, so an empty answer is repeated for half a second.
 */
export async function lastWords(deps: Deps, name: string, sinceMs: number): Promise<LastWords> {
  const words: LastWords = { lines: [], end: null };
  for (let waitedMs = 0; waitedMs <= 500 && words.lines.length === 0; waitedMs += 100) {
    if (waitedMs > 0) await Bun.sleep(100);
    const query = { services: [name], lines: maxRecords, sinceMs: sinceMs - 1, untilMs: null, follow: false };
    for await (const record of deps.backend.logs(query, AbortSignal.timeout(3000))) {
      if (record.stream === "bs9") {
        words.end = record.message;
        if (words.lines.length > 0) break;
      } else {
        words.lines.push(plainLine(record.priority, record.message).slice(0, maxLineLength));
      }
    }
  }
  return { ...words, lines: linesWithError(words.lines, maxLines) };
}
