// Ends the processes that a main process leaves behind: SIGTERM, then SIGKILL after a timeout, then waiting, as
// KillMode=control-group does.
import { sessions } from "../base/sessions.ts";
import { askToEnd, type GroupName, membersOf, signalAll } from "./group.ts";

export type Leaving = {
  group: GroupName;
  /**
   * SIGTERM is sent only once: many programs take a second SIGTERM as `end at once`, and it would hit their cleanup processes.
   */
  isAsked: boolean;
  /** The time of SIGKILL, by performance.now(). */
  killAtMs: number;
  gone: () => void;
};

const pollMs = 50;

export class Leavings {
  readonly #waiting = new Set<Leaving>();
  #timer: Timer | null = null;
  #lookTookMs = 0;
  #lookedAtMs = Number.NEGATIVE_INFINITY;

  /** Calls `gone` once no process of the group is left; at once where an empty cgroup shows that. */
  add(leaving: Leaving): void {
    if (leaving.group.cgroup !== null && membersOf(leaving.group).length === 0) {
      leaving.gone();
      return;
    }
    this.#waiting.add(leaving);
    // One scan serves all services that end in the meantime, and scanning takes at most half of the time.
    this.#lookIn(Math.max(0, this.#lookedAtMs + this.#lookTookMs - performance.now()));
  }

  #lookIn(delayMs: number): void {
    clearTimeout(this.#timer ?? undefined);
    this.#timer = setTimeout(() => this.#look(), delayMs);
  }

  #look(): void {
    const beganMs = performance.now();
    const now = [...this.#waiting].some(({ group }) => group.cgroup === null) ? sessions() : new Map();
    const gone: Leaving[] = [];
    for (const leaving of this.#waiting) {
      const pids = membersOf(leaving.group, now);
      if (pids.length === 0) gone.push(leaving);
      else end(pids, leaving, beganMs);
    }
    this.#lookedAtMs = performance.now();
    this.#lookTookMs = this.#lookedAtMs - beganMs;
    for (const leaving of gone) this.#waiting.delete(leaving);
    if (this.#waiting.size > 0) this.#lookIn(Math.max(pollMs, this.#lookTookMs));
    for (const leaving of gone) leaving.gone();
  }
}

function end(pids: number[], leaving: Leaving, nowMs: number): void {
  if (nowMs >= leaving.killAtMs) signalAll(pids, "SIGKILL");
  else if (!leaving.isAsked) askToEnd(pids);
  leaving.isAsked = true;
}
