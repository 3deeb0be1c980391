import { delayOf, nextInRow } from "../backend/backoff.ts";
import { type Exit, endings, wordsOfExit } from "../backend/ended.ts";
import { reasonOf } from "../base/errors.ts";
import type { Paths } from "../base/paths.ts";
import { uptimeOfMachineMs } from "../base/proc.ts";
import { removeCgroup } from "./cgroup.ts";
import { note } from "./events.ts";
import { askToEnd, type GroupName, membersOf, signalAll } from "./group.ts";
import { closePidfd, openPidfd } from "./kernel.ts";
import type { Leaving, Leavings } from "./leavings.ts";
import { isAlive, type Record, type Records } from "./record.ts";
import { spawnService } from "./spawn.ts";
import { type Action, eventOfEnd, isClean, type LifeEvent, table } from "./table.ts";

export type Around = {
  paths: Paths;
  records: Records;
  shuts: boolean;
  leavings: Leavings;
  /** Hears of each change. */
  changed: (service: Service, what: "state" | "process" | "wanted") => void;
};

export class Service {
  record: Record;
  /** The disk has what the record says. */
  isKept = true;
  readonly #around: Around;
  #pidfd: number | null = null;
  #delay: Timer | null = null;
  #kill: Timer | null = null;
  #settled: (() => void)[] = [];
  /** While its main process has ended, and something that it started has not. */
  #leaving: Leaving | null = null;

  constructor(record: Record, around: Around) {
    this.record = record;
    this.#around = around;
  }

  /** Watches one that was adopted; null for a child, which Bun fetches by itself. */
  get pidfd(): number | null {
    return this.#pidfd;
  }

  get name(): string {
    return this.record.spec.name;
  }

  get isLeaving(): boolean {
    return this.#leaving !== null;
  }

  meet(event: LifeEvent): void {
    const { next, actions } = table[this.record.state][event];
    this.record.state = next;
    for (const action of actions) this.#acts[action]();
    this.keep();
    this.#around.changed(this, "state");
    if (next === "inactive" || next === "failed" || next === "active") for (const done of this.#settled.splice(0)) done();
  }

  /** Returns at once. */
  recycle(): void {
    if (this.record.state !== "active" || this.isLeaving) return;
    note(this.#around.paths.state, this.name, 4, endings.unhealthy);
    this.meet("recycle");
  }

  /** Resolves once it is neither on its way down nor waiting. */
  async settled(): Promise<void> {
    if (this.record.state !== "deactivating" && this.record.state !== "restarting") return;
    await new Promise<void>((done) => this.#settled.push(done));
  }

  /** Counts and delays begin anew, as with `systemctl reset-failed`. */
  cleanSlate(): void {
    Object.assign(this.record, { restarts: 0, starts: 0, lastStartSec: 0, end: null });
    if (this.record.state === "failed") this.record.state = "inactive";
  }

  /** Where the disk is full the next turn tries again: until then the next supervisor would know less. */
  keep(isLasting = false): void {
    try {
      this.#around.records.put(this.record, isLasting);
      this.isKept = true;
    } catch {
      this.isKept = false;
    }
  }

  /** Takes over what an earlier supervisor has left, or starts again what it was to keep up. */
  resume(isNewEra: boolean): void {
    const { record } = this;
    const { process: before, state, resume: isToResume } = record;
    Object.assign(record, { state: "inactive", resume: false });
    if (isNewEra) {
      this.cleanSlate();
      Object.assign(record, { process: null, cgroup: null });
      if (record.wanted) this.meet("start");
    } else if (before !== null) {
      this.meet("adopted");
      if (state === "deactivating" && !isToResume) this.meet("stop");
      // It was told to end already, and is to be up again.
      if (state === "restarting" || isToResume) this.meet("restart");
      if (state === "recycling") this.meet("recycle");
    } else if (isToResume || state === "active" || state === "restarting" || state === "recycling") {
      this.cleanSlate();
      this.meet("start");
    } else {
      record.state = state === "deactivating" ? "inactive" : state;
      if (state === "activating") this.#armDelay();
    }
    this.keep();
  }

  /** Of one that was adopted: nobody can tell how. */
  endedUnseen(): void {
    this.#unwatch();
    this.record.end = "it ended, and how is not known: an earlier supervisor had started it";
    note(this.#around.paths.state, this.name, 3, this.record.end);
    this.#ended(null);
  }

  get #group(): GroupName {
    return { leader: this.record.process, cgroup: this.record.cgroup };
  }

  /** For the end of the supervisor itself: what is up now is to be up again with the next one. */
  async shutDown(): Promise<void> {
    const { state } = this.record;
    this.record.resume = state === "active" || state === "activating" || state === "restarting" || state === "recycling";
    this.meet("stop");
    await this.settled();
  }

  readonly #acts: { [A in Action]: () => void } = {
    spawn: () => this.#spawn(),
    watch: () => {
      const main = this.record.process;
      this.#pidfd = main === null ? null : openPidfd(main.pid);
      // Looked at once it is held: its pid may have been given to another one before.
      if (main === null || this.#pidfd === null || !isAlive(main)) queueMicrotask(() => this.endedUnseen());
    },
    terminate: () => {
      if (!this.isLeaving) askToEnd(membersOf(this.#group));
    },
    kill: () => {
      note(this.#around.paths.state, this.name, 3, endings.notInTime);
      if (this.#leaving !== null) this.#leaving.killAtMs = 0;
      signalAll(membersOf(this.#group), "SIGKILL");
    },
    "set-delay": () => {
      this.record.restarts += 1;
      this.#armDelay();
    },
    "clear-delay": () => clearTimeout(this.#delay ?? undefined),
    "set-kill-timer": () => {
      this.#kill = setTimeout(() => this.meet("kill-timeout"), this.record.spec.stopTimeoutMs);
    },
    "clear-kill-timer": () => clearTimeout(this.#kill ?? undefined),
  };

  #armDelay(): void {
    this.#delay = setTimeout(() => this.meet("delay-over"), delayOf(this.record.starts, this.record.spec.restart.delayMs));
  }

  #spawn(): void {
    const { record } = this;
    const { paths } = this.#around;
    record.starts ||= 1;
    record.lastStartSec = uptimeSec();
    try {
      const spawned = spawnService(record, this.#around, (pid, exit) => this.#exited(pid, exit));
      Object.assign(record, spawned);
    } catch (error) {
      record.process = null;
      note(paths.state, this.name, 3, `cannot be started: ${reasonOf(error)}`);
      record.end = reasonOf(error);
      queueMicrotask(() => this.#gone(null));
    }
  }

  #exited(pid: number, exit: Exit): void {
    if (this.record.process?.pid !== pid || this.isLeaving) return;
    this.record.end = wordsOfExit(exit);
    const isNews = this.record.state === "active" || !isClean(exit);
    if (isNews) note(this.#around.paths.state, this.name, isClean(exit) ? 6 : 3, this.record.end);
    this.#ended(exit);
  }

  /** What its main process has left behind ends with it: until then it is not over. */
  #ended(exit: Exit | null): void {
    const { state, spec } = this.record;
    const isAsked = state === "deactivating" || state === "restarting" || state === "recycling";
    const killAtMs = performance.now() + spec.stopTimeoutMs;
    const gone = () => {
      this.#leaving = null;
      this.#gone(exit);
    };
    this.#leaving = { group: this.#group, isAsked, killAtMs, gone };
    this.#around.leavings.add(this.#leaving);
    // What becomes of it is told once all of it is gone: a crash is no stop, and would be taken for one until then.
    if (this.isLeaving) this.#around.changed(this, "process");
  }

  #gone(exit: Exit | null): void {
    const { record } = this;
    if (record.cgroup !== null) removeCgroup(record.cgroup);
    record.process = null;
    record.cgroup = null;
    const { policy, max } = record.spec.restart;
    const next = nextInRow(record.starts, uptimeSec() - record.lastStartSec);
    const mayAgain = max === null || next <= max + 1;
    const isRecycled = record.state === "recycling";
    const event = eventOfEnd(exit, isRecycled ? "always" : policy, mayAgain);
    if (event === "ended-for-good" && !mayAgain && (isRecycled || record.state === "active")) {
      record.end = endings.givenUp;
      note(this.#around.paths.state, this.name, 3, endings.tooOften);
    }
    if (event === "ended-again" && (isRecycled || record.state === "active")) record.starts = next;
    this.meet(event);
  }

  #unwatch(): void {
    if (this.#pidfd !== null) closePidfd(this.#pidfd);
    this.#pidfd = null;
  }
}

/** Nobody can step this clock. */
const uptimeSec = (): number => uptimeOfMachineMs() / 1000;
