// Fetches orphans that have ended: as PID 1 or subreaper they come to this process, and Bun knows nothing of them.
import { startTimeOf } from "../base/proc.ts";
import { processes } from "../base/sessions.ts";
import { reap } from "./kernel.ts";

/** Bun fetches its own within a turn of its loop: what is still there at the second look nobody else will. */
const lookMs = 250;

/** `own`: the services' main processes, which Bun waits for. Returns what is to be called when a child has ended. */
export function orphanReaper(own: () => Set<number>): { look(): void; stop(): void } {
  let seen = new Set<string>();
  let timer: Timer | null = null;
  const schedule = () => {
    timer ??= setTimeout(look, lookMs);
  };
  const look = () => {
    timer = null;
    const ours = own();
    const found = processes().filter(({ pid, parent, isZombie }) => isZombie && parent === process.pid && !ours.has(pid));
    const named = found.map(({ pid }) => ({ pid, key: `${pid} ${startTimeOf(pid)}` }));
    for (const { pid } of named.filter(({ key }) => seen.has(key))) reap(pid);
    seen = new Set(named.map(({ key }) => key).filter((key) => !seen.has(key)));
    if (seen.size > 0) schedule();
  };
  return { look: schedule, stop: () => clearTimeout(timer ?? undefined) };
}
