// The last log lines of a service that did not come up.
import { levelOf } from "../logs/level.ts";
import { harmless } from "../base/text.ts";
import type { Deps } from "./deps.ts";

const maxLines = 20;
const maxLineLength = 500;

/** The journal gets lines a moment after they were written, so an empty answer is asked again for half a second. */
export async function lastLines(deps: Deps, name: string, sinceMs: number): Promise<string[]> {
  for (let waitedMs = 0; waitedMs <= 500; waitedMs += 100) {
    const lines: string[] = [];
    const query = { services: [name], lines: maxLines, sinceMs: sinceMs - 1000, untilMs: null, follow: false };
    for await (const record of deps.backend.logs(query, AbortSignal.timeout(3000))) {
      if (record.stream !== "bs9") lines.push(harmless(Bun.stripANSI(levelOf(record.priority, record.message).message)).slice(0, maxLineLength));
    }
    if (lines.length > 0) return lines;
    await Bun.sleep(100);
  }
  return [];
}
