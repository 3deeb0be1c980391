// Restarts services that are unhealthy and are to be restarted then: all that are due together, and never two such acts at once.
import type { Backend } from "../backend/backend.ts";
import { exitStatus, reasonOf } from "../base/errors.ts";
import type { Monitor } from "../health/monitor.ts";
import { underLock } from "../lifecycle/deps.ts";
import { type ActingDeps, append } from "../lifecycle/recorded.ts";
import { type Known, runOf } from "./services.ts";

export type RecyclerDeps = Pick<ActingDeps, "registry" | "trail"> & {
  backend: Pick<Backend, "recycle">;
  monitor: Pick<Monitor, "of">;
  say: (sentence: string) => void;
  /** As they are now: whoever held the lock before may have restarted one. */
  look: (names: string[]) => Promise<Known[]>;
};

/** One that was asked and has not ended, or could not be asked, is asked again, each time after twice as long. */
const firstAgainMs = 10_000;
const lastAgainMs = 300_000;

type Asked = { run: string; againMs: number; nextMs: number };

export class Recycler {
  readonly #deps: RecyclerDeps;
  readonly #asked = new Map<string, Asked>();
  #work: Promise<void> | null = null;

  constructor(deps: RecyclerDeps) {
    this.#deps = deps;
  }

  /** Waits for none of them. `nowMs` is the monotonic clock. */
  turn(services: Iterable<Known>, nowMs: number): void {
    if (this.#work !== null) return;
    const due: Known[] = [];
    const unwell = new Set<string>();
    for (const known of services) {
      if (!this.#isToEnd(known)) continue;
      unwell.add(known.spec.name);
      if (this.#isDue(known, nowMs)) due.push(known);
    }
    for (const name of this.#asked.keys()) if (!unwell.has(name)) this.#asked.delete(name);
    if (due.length === 0) return;
    this.#work = this.#recycle(due).finally(() => {
      this.#work = null;
    });
  }

  /** Resolves when nothing is at work any more. */
  async close(): Promise<void> {
    await this.#work;
  }

  #isToEnd(known: Known): boolean {
    const { spec, reading } = known;
    return spec.healthRestart && reading.state === "active" && this.#deps.monitor.of(spec.name).health === "unhealthy";
  }

  #isDue(known: Known, nowMs: number): boolean {
    const run = runOf(known);
    const { name } = known.spec;
    const asked = this.#asked.get(name);
    if (run === null || (asked?.run === run && nowMs < asked.nextMs)) return false;
    const againMs = asked?.run === run ? Math.min(asked.againMs * 2, lastAgainMs) : firstAgainMs;
    this.#asked.set(name, { run, againMs, nextMs: nowMs + againMs });
    return true;
  }

  async #recycle(due: Known[]): Promise<void> {
    const { registry, look, say } = this.#deps;
    const runs = new Map(due.map((known) => [known.spec.name, runOf(known)]));
    const names = [...runs.keys()];
    try {
      await underLock({ registry, progress: () => {} }, `restart ${names.join(" ")}`, async () => {
        for (const known of await look(names))
          if (this.#isToEnd(known) && runOf(known) === runs.get(known.spec.name)) await this.#one(known);
      });
    } catch (error) {
      say(`cannot restart ${names.join(", ")}: ${reasonOf(error)}`);
    }
  }

  async #one({ spec }: Known): Promise<void> {
    const { backend, monitor, say, trail } = this.#deps;
    const reason = monitor.of(spec.name).reason ?? "its probe fails";
    const why = `it is unhealthy: ${reason}`;
    const trouble = await backend.recycle(spec, reason).then(
      () => null,
      (error: unknown) => reasonOf(error),
    );
    say(
      trouble === null
        ? `${spec.name} is asked to end and to come up again: ${why}`
        : `cannot restart ${spec.name}, though ${why}: ${trouble}`,
    );
    const ending = {
      message: trouble ?? why,
      failed: trouble === null ? [] : [spec.name],
      exitStatus: trouble === null ? exitStatus.done : exitStatus.failed,
    };
    await append({ trail, warn: say }, { act: "restart", targets: [spec.name], differences: [] }, ending);
  }
}
