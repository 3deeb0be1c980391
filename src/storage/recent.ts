// Whether the newest stored samples still say how things are. Pure.
import type { Newest } from "./storage.ts";

/** The newest stored samples are older than three intervals only where the agent does not run. */
const intervals = 3;

/** Returns the samples; null where there are none, and where they are too old to be sent as those of now. */
export function recentOf(newest: Newest | null, nowMs: number): Newest | null {
  return newest !== null && nowMs - newest.atMs <= intervals * newest.intervalMs ? newest : null;
}
