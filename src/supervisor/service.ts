import { type Exit, endings } from "../backend/ended.ts";
import { delayOf } from "../backend/restarts.ts";
import { noteUnhealthy } from "../backend/unhealthy-line.ts";
import { reasonOf } from "../base/errors.ts";
import type { Paths } from "../base/paths.ts";
import { uptimeOfMachineMs } from "../base/proc.ts";
import { note } from "../logs/events.ts";
import { removeCgroup } from "./cgroup.ts";
import { askToEnd, type GroupName, membersOf, signalAll } from "./group.ts";
import type { Happening } from "./happening.ts";
import { closePidfd, openPidfd } from "./kernel.ts";
import type { Leaving, Leavings } from "./leavings.ts";
import { endingOf } from "./next-start.ts";
import { wordsOfEnded } from "./out-of-memory.ts";
import { isAlive, type Record, type Records } from "./record.ts";
import { resumptionOf } from "./resumption.ts";
import { isLaunched, type Spawned, spawnService } from "./spawn.ts";
import { type Action, isClean, type LifeEvent, transitions } from "./table.ts";

export type ServiceContext = {
  paths: Paths;
  records: Records;
  shuts: boolean;
  leavings: Leavings;
  /** Called after each change of a service. */
  changed: (service: Service, what: "state" | "process" | "wanted") => void;
  /** Called after each start and end of a process. */
  happened: (happening: Happening) => void;
};

export class Service {
  record: Record;
  /** The record on disk is up to date. */
  isKept = true;
  readonly #context: ServiceContext;
  /** The pidfd of an adopted process; null for a child, whose end Bun reports by itself. */
  pidfd: number | null = null;
  #delay: Timer | null = null;
  /** When the wait for the next start began. */
  delayedAtMs = 0;
  #kill: Timer | null = null;
  #settled: (() => void)[] = [];
  /** The rest of the processes, while the main process has ended but processes that it started have not. */
  #leaving: Leaving | null = null;
  #isResuming = false;

  constructor(record: Record, context: ServiceContext) {
    this.record = record;
    this.#context = context;
  }

  get name(): string {
    return this.record.spec.name;
  }

  get isLeaving(): boolean {
    return this.#leaving !== null;
  }

  meet(event: LifeEvent): void {
    const { next, actions } = transitions[this.record.state][event];
    this.record.state = next;
    // The record is written before the processes are signalled: otherwise the next supervisor would take the stop for a crash.
    if (!actions.includes("spawn")) this.keep();
    for (const action of actions) this.#acts[action](event);
    this.#context.changed(this, "state");
    if (next === "inactive" || next === "failed" || next === "active") for (const done of this.#settled.splice(0)) done();
  }

  /** `why` the service is unhealthy is written into its log. */
  recycle(why: string): void {
    if (this.record.state !== "active" || this.isLeaving) return;
    noteUnhealthy(this.#context.paths.state, this.name, why);
    this.meet("recycle");
  }

  /** Resolves once the service is neither stopping nor restarting. */
  async settled(): Promise<void> {
    if (this.record.state !== "deactivating" && this.record.state !== "restarting") return;
    await new Promise<void>((done) => this.#settled.push(done));
  }

  /** Resets counts and delays, as `systemctl reset-failed` does. */
  cleanSlate(): void {
    Object.assign(this.record, { restarts: 0, starts: 0, lastStartSec: 0, end: null });
    if (this.record.state === "failed") this.record.state = "inactive";
  }

  /** Where the disk is full the next turn tries again, because the next supervisor relies on this record. */
  keep(isLasting = false): void {
    if (this.#isResuming) return;
    try {
      this.#context.records.put(this.record, isLasting);
      this.isKept = true;
    } catch {
      this.isKept = false;
    }
  }

  /** Takes over the process that an earlier supervisor left, or starts the service if it should be running. */
  resume(isNewEra: boolean): void {
    const { record } = this;
    const next = resumptionOf(record, isNewEra);
    Object.assign(record, { state: "inactive", resume: false, ...(isNewEra ? { process: null, cgroup: null } : {}) });
    if (isNewEra || next.kind === "start") this.cleanSlate();
    if (next.kind === "start") this.meet("start");
    else if (next.kind === "adopt") {
      if (!record.launched && record.process !== null && isAlive(record.process)) record.launched = isLaunched(record.process);
      // The record on disk stays unchanged until all events are handled, so that the next supervisor could repeat them.
      this.#isResuming = true;
      for (const event of next.events) this.meet(event);
      this.#isResuming = false;
    } else {
      record.state = next.state;
      if (next.state === "activating") this.#armDelay();
    }
    this.keep();
  }

  /** Handles the end of an adopted process, whose exit status is not visible to this supervisor. */
  endedUnseen(): void {
    this.#unwatch();
    if (this.record.launched) {
      this.record.end = "it ended with an unknown exit status, because an earlier supervisor had started it";
      note(this.#context.paths.state, this.name, 3, this.record.end);
      this.#ended(null);
    } else this.#neverRan();
  }

  get #group(): GroupName {
    return { leader: this.record.process, cgroup: this.record.cgroup };
  }

  /** Stops the service because the supervisor ends; a service that is up now is started again by the next supervisor. */
  async shutDown(): Promise<void> {
    const { state } = this.record;
    this.record.resume = state === "active" || state === "activating" || state === "restarting" || state === "recycling";
    this.meet("stop");
    await this.settled();
  }

  readonly #acts: { [A in Action]: (event: LifeEvent) => void } = {
    spawn: (event) => this.#spawn(event === "start" || event === "restart" || event === "not-launched" ? "started" : "restarted"),
    watch: () => {
      const main = this.record.process;
      this.pidfd = main === null ? null : openPidfd(main.pid);
      // The process is checked after the pidfd is open, because its pid may have been given to another process before.
      if (main === null || this.pidfd === null || !isAlive(main)) queueMicrotask(() => this.endedUnseen());
      else this.#tell({ event: "adopted", pid: main.pid });
    },
    terminate: () => {
      if (!this.isLeaving) askToEnd(membersOf(this.#group));
    },
    kill: () => {
      note(this.#context.paths.state, this.name, 3, endings.notInTime);
      if (this.#leaving !== null) this.#leaving.killAtMs = 0;
      signalAll(membersOf(this.#group), "SIGKILL");
    },
    "set-delay": () => this.#armDelay(),
    "clear-delay": () => clearTimeout(this.#delay ?? undefined),
    "set-kill-timer": () => {
      this.#kill = setTimeout(() => this.meet("kill-timeout"), this.record.spec.stopTimeoutMs);
    },
    "clear-kill-timer": () => clearTimeout(this.#kill ?? undefined),
  };

  #armDelay(): void {
    this.delayedAtMs = Date.now();
    this.#delay = setTimeout(() => this.meet("delay-over"), delayOf(this.record.starts, this.record.spec.restart.delayMs));
  }

  #spawn(event: "started" | "restarted"): void {
    const { record } = this;
    record.starts ||= 1;
    record.lastStartSec = uptimeOfMachineMs() / 1000;
    let spawned: Spawned | null = null;
    try {
      spawned = spawnService(record, this.#context, (pid, exit) => this.#exited(pid, exit));
      Object.assign(record, { process: spawned.process, launched: false, cgroup: spawned.cgroup });
      // The program runs only after the record is written: the next supervisor would start an unrecorded process a second time.
      this.#context.records.put(record, false);
      this.isKept = true;
      void this.#launch(spawned);
      this.#tell({ event, pid: spawned.process.pid });
    } catch (error) {
      spawned?.cancel();
      record.process = null;
      note(this.#context.paths.state, this.name, 3, `cannot be started: ${reasonOf(error)}`);
      record.end = reasonOf(error);
      queueMicrotask(() => this.#gone(null));
    }
  }

  async #launch({ process: launcher, launch }: Spawned): Promise<void> {
    await launch();
    if (this.record.process !== launcher) return;
    this.record.launched = true;
    this.keep();
  }

  /** The launcher ended before it received the plan, and a launcher leaves no processes behind. */
  #neverRan(): void {
    if (this.record.cgroup !== null) removeCgroup(this.record.cgroup);
    Object.assign(this.record, { process: null, cgroup: null });
    this.meet("not-launched");
  }

  #exited(pid: number, exit: Exit): void {
    if (this.record.process?.pid !== pid || this.isLeaving) return;
    this.record.end = wordsOfEnded(exit, this.record.cgroup, performance.now());
    const isNews = this.record.state === "active" || !isClean(exit);
    if (isNews) note(this.#context.paths.state, this.name, isClean(exit) ? 6 : 3, this.record.end);
    this.#ended(exit);
  }

  /** Ends the processes that the main process has left behind, and only then reports the end of the service. */
  #ended(exit: Exit | null): void {
    const { state, spec } = this.record;
    const isAsked = state === "deactivating" || state === "restarting" || state === "recycling";
    const killAtMs = performance.now() + spec.stopTimeoutMs;
    const gone = () => {
      this.#leaving = null;
      this.#gone(exit);
    };
    this.#leaving = { group: this.#group, isAsked, killAtMs, gone };
    this.#context.leavings.add(this.#leaving);
    // The new state is reported when all processes are gone: until then listeners would take a crash for a stop.
    if (this.isLeaving) this.#context.changed(this, "process");
  }

  #gone(exit: Exit | null): void {
    const { record } = this;
    const pid = record.process?.pid ?? null;
    if (record.cgroup !== null) removeCgroup(record.cgroup);
    const { event, isGivenUp, nextStartMs, changes } = endingOf(record, exit, uptimeOfMachineMs() / 1000);
    Object.assign(record, { process: null, cgroup: null, ...changes });
    if (isGivenUp) note(this.#context.paths.state, this.name, 3, endings.tooOften);
    this.#tell({ event: pid === null ? "not-started" : "ended", pid, exit, reason: record.end, nextStartMs });
    this.meet(event);
  }

  #tell(what: Pick<Happening, "event" | "pid"> & Partial<Happening>): void {
    this.#context.happened({ service: this.name, exit: null, reason: null, nextStartMs: null, ...what });
  }

  #unwatch(): void {
    if (this.pidfd !== null) closePidfd(this.pidfd);
    this.pidfd = null;
  }
}
