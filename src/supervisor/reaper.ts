// Fetches orphans that have ended: as PID 1 or subreaper they come to this process, and Bun knows nothing of them.
import { processes } from "../base/sessions.ts";
import { reap } from "./kernel.ts";

/** Those of `own` are Bun's to fetch: it waits for each of them. */
export function reapOrphans(own: Set<number>): void {
  for (const { pid, parent, isZombie } of processes()) if (isZombie && parent === process.pid && !own.has(pid)) reap(pid);
}
