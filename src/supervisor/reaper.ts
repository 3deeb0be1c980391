// Fetches orphans that have ended: as PID 1 or subreaper they come to this process, and Bun knows nothing of them.
import { processes } from "../base/sessions.ts";
import { reap } from "./kernel.ts";

let before = new Set<number>();

/** To be called over and over. Bun fetches its own children at once: what was a zombie a turn ago already is nobody's. */
export function reapOrphans(): void {
  const zombies = processes()
    .filter(({ isZombie, parent }) => isZombie && parent === process.pid)
    .map(({ pid }) => pid);
  for (const pid of zombies) if (before.has(pid)) reap(pid);
  before = new Set(zombies);
}
