// Reaps orphans: as PID 1 or subreaper, the supervisor becomes the parent of processes that Bun did not spawn and does not
// reap.
import { processes } from "../base/sessions.ts";
import { reap } from "./kernel.ts";

let before = new Set<number>();

/**
 * Must be called periodically. Bun reaps its own children at once, so a child that was a zombie in the previous call too is an
 * orphan.
 */
export function reapOrphans(): void {
  const zombies = processes()
    .filter(({ isZombie, parent }) => isZombie && parent === process.pid)
    .map(({ pid }) => pid);
  for (const pid of zombies) if (before.has(pid)) reap(pid);
  before = new Set(zombies);
}
