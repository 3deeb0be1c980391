import { delayOf, nextInRow } from "../backend/backoff.ts";
import { type Exit, wordsOfExit } from "../backend/ended.ts";
import { reasonOf } from "../base/errors.ts";
import type { Paths } from "../base/paths.ts";
import { readProc } from "../base/proc.ts";
import { removeCgroup } from "./cgroup.ts";
import { note } from "./events.ts";
import { membersOf, signalAll } from "./group.ts";
import { closePidfd, openPidfd } from "./kernel.ts";
import { isAlive, type Record, type Records } from "./record.ts";
import { spawnService } from "./spawn.ts";
import { type Action, eventOfEnd, isClean, type LifeEvent, table } from "./table.ts";

export type Around = { paths: Paths; records: Records; shuts: boolean };

const restEveryMs = 20;
const givenUp = "given up: it was restarted as often as --max-restarts allows";

export class Service {
  record: Record;
  isKept = true;
  readonly #around: Around;
  #pidfd: number | null = null;
  #delay: Timer | null = null;
  #kill: Timer | null = null;
  #settled: (() => void)[] = [];
  /** Leads the session of its processes, and may be gone before them. */
  #leader: number | null = null;
  #rest: Timer | null = null;

  constructor(record: Record, around: Around) {
    this.record = record;
    this.#around = around;
  }

  /** Watches one that was adopted; null for a child, which Bun fetches by itself. */
  get pidfd(): number | null {
    return this.#pidfd;
  }

  /** Its main process has ended, and others of it have not yet. */
  get isEnding(): boolean {
    return this.#rest !== null;
  }

  get name(): string {
    return this.record.spec.name;
  }

  meet(event: LifeEvent): void {
    const { next, actions } = table[this.record.state][event];
    this.record.state = next;
    for (const action of actions) this.#acts[action]();
    this.keep();
    if (next === "inactive" || next === "failed" || next === "active") for (const done of this.#settled.splice(0)) done();
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
    const { process: before, state } = record;
    const lives = before !== null && isAlive(before);
    const isToResume = record.resume;
    record.resume = false;
    this.#leader = isNewEra ? null : (before?.pid ?? null);
    record.state = "inactive";
    if (isNewEra) {
      Object.assign(record, { process: null, cgroup: null });
      this.cleanSlate();
      if (record.wanted) this.meet("start");
    } else if (lives) {
      this.meet("adopted");
      if (state === "deactivating" && !isToResume) this.meet("stop");
      // It was told to end already, and is to be up again.
      if (state === "restarting" || isToResume) this.meet("restart");
    } else if (isToResume) {
      this.#clear();
      this.cleanSlate();
      this.meet("start");
    } else if (state === "active" || state === "restarting") {
      record.end = "it ended while no supervisor was there";
      note(this.#around.paths.state, this.name, 3, record.end);
      record.state = "active";
      this.#end(null);
    } else {
      this.#clear();
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
    this.#end(null);
  }

  /** Its processes now. */
  pids(): number[] {
    return membersOf(this.#leader, this.record.cgroup);
  }

  /** For the end of the supervisor itself: what is up now is to be up again with the next one. */
  async shutDown(): Promise<void> {
    const { state } = this.record;
    this.record.resume = state === "active" || state === "activating" || state === "restarting";
    this.meet("stop");
    await this.settled();
  }

  readonly #acts: { [A in Action]: () => void } = {
    spawn: () => this.#spawn(),
    watch: () => {
      this.#pidfd = this.record.process === null ? null : openPidfd(this.record.process.pid);
      if (this.#pidfd === null) queueMicrotask(() => this.endedUnseen());
    },
    // One that was stopped by a signal could not hear it (kill(2), SIGCONT).
    terminate: () => {
      signalAll(this.pids(), "SIGTERM");
      signalAll(this.pids(), "SIGCONT");
    },
    kill: () => {
      note(this.#around.paths.state, this.name, 3, "did not stop in time, so it is killed");
      signalAll(this.pids(), "SIGKILL");
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
      const spawned = spawnService(record.spec, this.#around, (pid, exit) => this.#exited(pid, exit));
      this.#leader = spawned.process.pid;
      Object.assign(record, spawned);
    } catch (error) {
      record.process = null;
      note(paths.state, this.name, 3, `cannot be started: ${reasonOf(error)}`);
      record.end = reasonOf(error);
      queueMicrotask(() => this.#end(null));
    }
  }

  #exited(pid: number, exit: Exit): void {
    if (this.record.process?.pid !== pid) return;
    this.record.end = wordsOfExit(exit);
    const isNews = this.record.state === "active" || !isClean(exit);
    if (isNews) note(this.#around.paths.state, this.name, isClean(exit) ? 6 : 3, this.record.end);
    this.#end(exit);
  }

  /** What its main process has left behind is asked to end, too, and has the stop timeout for it, as with KillMode=control-group. */
  #end(exit: Exit | null): void {
    const { stopTimeoutMs } = this.record.spec;
    if (this.pids().length === 0) {
      this.#over(exit);
      return;
    }
    if (this.record.state === "active") this.#acts.terminate();
    const lastMs = performance.now() + stopTimeoutMs;
    this.#rest = setInterval(() => {
      const left = this.pids();
      if (left.length > 0 && performance.now() < lastMs) return;
      signalAll(left, "SIGKILL");
      clearInterval(this.#rest ?? undefined);
      this.#rest = null;
      this.#over(exit);
    }, restEveryMs);
  }

  /** Nothing of it is left, or was it a moment ago. */
  #clear(): void {
    const { record } = this;
    signalAll(this.pids(), "SIGKILL");
    if (record.cgroup !== null) removeCgroup(record.cgroup);
    this.#leader = null;
    record.process = null;
    record.cgroup = null;
  }

  #over(exit: Exit | null): void {
    const { record } = this;
    this.#clear();
    const { policy, max } = record.spec.restart;
    const next = nextInRow(record.starts, uptimeSec() - record.lastStartSec);
    const mayAgain = max === null || next <= max + 1;
    const event = eventOfEnd(exit, policy, mayAgain);
    if (event === "ended-for-good" && !mayAgain && record.state === "active") {
      record.end = givenUp;
      note(this.#around.paths.state, this.name, 3, "given up: it ended too often");
    }
    if (event === "ended-again" && record.state === "active") record.starts = next;
    this.meet(event);
  }

  #unwatch(): void {
    if (this.#pidfd !== null) closePidfd(this.#pidfd);
    this.#pidfd = null;
  }
}

/** Nobody can step this clock. */
const uptimeSec = (): number => Number(readProc("uptime")?.split(" ")[0] ?? 0);
