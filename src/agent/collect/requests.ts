// Asks the preload of each running service about its requests. The questions run between the ticks and never delay one: a tick
// takes what was told last, and a service that does not answer has no figures.
import type { Backend } from "../../backend/backend.ts";
import { startedAtMs, startTimeOf } from "../../base/proc.ts";
import { askPreload, pidsWithSocket } from "../../injectors/ask.ts";
import { readExposition } from "../../injectors/exposition.ts";
import { pidsOf } from "../../metrics/group.ts";
import type { RequestFigures } from "../../metrics/sample.ts";
import { isInjected } from "../../service/spec.ts";
import type { Requests, Served } from "../../status/schema.ts";
import { type Known, runOf } from "./services.ts";
import { RequestTally, type ToldRequests } from "./tally.ts";

export type RequestsDeps = {
  backend: Pick<Backend, "socketFolder">;
  /** The wall clock. */
  now: () => number;
  /** Processes that started before this time, by the wall clock, were counted by an earlier agent. */
  countedUntilMs: Promise<number>;
};

/**
 * A process has this long to answer. All processes of a service are asked at the same time, so that one whose event loop is blocked
 * does not take the time of the others. `pidsWithSocket` bounds how many they are.
 */
const timeoutMs = 1000;
/** So many services are asked at once. Their answers are read together, and a tick has to wait for that. */
const maxAsked = 8;
/** A service that does not answer is asked less and less often: at least after this many ticks. */
const longestPause = 12;

type State = { run: string | null; tally: RequestTally; failures: number; pause: number };

export class RequestsCollector {
  readonly #deps: RequestsDeps;
  readonly #states = new Map<string, State>();
  readonly #due = new Map<string, Known>();
  readonly #asked = new Set<string>();
  #isClosed = false;

  constructor(deps: RequestsDeps) {
    this.#deps = deps;
  }

  /** Returns at once: the questions begin after the tick. A service that is still asked is not asked again. */
  ask(services: Iterable<Known>): void {
    const present = new Set<string>();
    for (const known of services) {
      const { name } = known.spec;
      if (!isInjected(known.spec) || known.reading.state !== "active" || runOf(known) === null) continue;
      present.add(name);
      const state = this.#stateOf(known);
      if (this.#asked.has(name)) continue;
      if (state.pause > 0) state.pause--;
      else this.#due.set(name, known);
    }
    for (const name of this.#states.keys()) if (!present.has(name)) this.#states.delete(name);
    for (const name of this.#due.keys()) if (!present.has(name)) this.#due.delete(name);
    setImmediate(() => {
      while (this.#asked.size < maxAsked && this.#due.size > 0) void this.#work();
    });
  }

  take(name: string, isTick: boolean): RequestFigures | null {
    return this.#states.get(name)?.tally.take(isTick) ?? null;
  }

  /** What the present run of a service told last; null if that is older than `ageMs`. */
  latest(known: Known, ageMs: number): { requests: Requests; served: Served } | null {
    const state = this.#states.get(known.spec.name);
    return state === undefined || state.run !== runOf(known) ? null : state.tally.latest(this.#deps.now() - ageMs);
  }

  close(): void {
    this.#isClosed = true;
    this.#due.clear();
  }

  /** A new run counts from 0. */
  #stateOf(known: Known): State {
    const { name } = known.spec;
    const run = runOf(known);
    const before = this.#states.get(name);
    if (before?.run === run) return before;
    const state = { run, tally: before?.tally ?? new RequestTally(), failures: 0, pause: 0 };
    state.tally.begin();
    this.#states.set(name, state);
    return state;
  }

  async #work(): Promise<void> {
    for (;;) {
      const [name, known] = this.#due.entries().next().value ?? [];
      if (name === undefined || known === undefined || this.#isClosed) return;
      this.#due.delete(name);
      this.#asked.add(name);
      try {
        await this.#one(known);
      } finally {
        this.#asked.delete(name);
      }
    }
  }

  async #one(known: Known): Promise<void> {
    const { name } = known.spec;
    const folder = this.#deps.backend.socketFolder(name);
    const countedUntilMs = await this.#deps.countedUntilMs;
    if (this.#isClosed) return;
    const pids = pidsWithSocket(folder, pidsOf(known.reading.group));
    const answers = await Promise.all(pids.map((pid) => reportOf(folder, pid, countedUntilMs)));
    const reports = answers.filter((report) => report !== null);
    const state = this.#states.get(name);
    if (state === undefined || state.run !== runOf(known)) return;
    state.tally.answered(reports, this.#deps.now(), (id) => idOf(Number.parseInt(id, 10)) === id);
    state.failures = reports.length > 0 ? 0 : state.failures + 1;
    state.pause = state.failures < 3 ? 0 : Math.min(2 ** (state.failures - 3), longestPause);
  }
}

/** Null where the process does not answer in time, or its answer has no metrics. */
async function reportOf(folder: string, pid: number, countedUntilMs: number): Promise<ToldRequests | null> {
  const [id, startedMs] = [idOf(pid), startedAtMs(pid)];
  const answer = await askPreload(folder, pid, "/metrics", timeoutMs);
  const told = typeof answer === "string" || answer.status !== 200 ? null : readExposition(answer.body);
  if (told === null || id === null || startedMs === null) return null;
  return { id, told, startedMs, isFromStart: startedMs > countedUntilMs };
}

/** Names a process beyond its pid, which another process may get later. */
function idOf(pid: number): string | null {
  const startTime = startTimeOf(pid);
  return startTime === null ? null : `${pid}:${startTime}`;
}
