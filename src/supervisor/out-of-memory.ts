// Whether the kernel has killed a process because memory ran out: the exit status shows only SIGKILL, and the kernel counts its kills
// in memory.events of the cgroup (cgroups(7)). Where no such file can be read, nobody can tell.
import { constants } from "node:os";
import { type Exit, endings, wordsOfExit } from "../backend/ended.ts";
import { cgroupFolderOf, oomKillsIn } from "../metrics/cgroup.ts";

/** The kernel counts a kill before the process has ended, so an older kill was that of another process. */
const freshMs = 2000;

/** The kills in the cgroup that a supervisor shares with its services, as in most containers. */
export class SharedKills {
  readonly #count: () => number | null;
  #counted: number | null = null;
  #fresh = 0;
  #freshAtMs = 0;

  constructor(count: () => number | null) {
    this.#count = count;
  }

  /** To be called again and again, so that a kill of a process that is not a service does not count for a later end. */
  look(nowMs: number): void {
    const count = this.#count();
    if (count !== null && this.#counted !== null && count > this.#counted) {
      this.#fresh += count - this.#counted;
      this.#freshAtMs = nowMs;
    }
    this.#counted = count;
    if (nowMs - this.#freshAtMs > freshMs) this.#fresh = 0;
  }

  /** True if one of these kills has not been attributed to a service yet. */
  take(nowMs: number): boolean {
    this.look(nowMs);
    if (this.#fresh === 0) return false;
    this.#fresh--;
    return true;
  }
}

export const sharedKills = new SharedKills(() => {
  const folder = cgroupFolderOf(process.pid);
  return folder === null ? null : oomKillsIn(folder);
});

/** The kills in the cgroup of a service when its process began: the cgroup may be older than the process. */
const before = new Map<string, number>();

/** To be called before a process begins in a cgroup of its own. */
export function noteKills(cgroup: string | null): void {
  const kills = cgroup === null ? null : oomKillsIn(cgroup);
  if (cgroup !== null && kills !== null) before.set(cgroup, kills);
}

/** How a process ended, in words. `cgroup`: that of its service; null where it has none. */
export function wordsOfEnded(exit: Exit, cgroup: string | null, nowMs: number): string {
  const known = cgroup === null ? 0 : (before.get(cgroup) ?? 0);
  if (cgroup !== null) before.delete(cgroup);
  if (exit.code === "exited" || exit.status !== constants.signals.SIGKILL) return wordsOfExit(exit);
  const own = cgroup === null ? null : oomKillsIn(cgroup);
  const isOutOfMemory = own === null ? sharedKills.take(nowMs) : own > known;
  return isOutOfMemory ? endings.outOfMemory : wordsOfExit(exit);
}
