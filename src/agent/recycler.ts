// Restarts services that are unhealthy and are to be restarted then.
import type { Backend } from "../backend/backend.ts";
import { exitStatus, reasonOf } from "../base/errors.ts";
import type { Monitor } from "../health/monitor.ts";
import { type ActingDeps, recorded } from "../lifecycle/recorded.ts";
import { type Known, runOf } from "./services.ts";

export type RecyclerDeps = Pick<ActingDeps, "registry" | "trail"> & {
  backend: Pick<Backend, "kind" | "recycle">;
  monitor: Pick<Monitor, "of">;
  say: (sentence: string) => void;
  /** As it is now: whoever held the lock before may have restarted it. */
  look: (name: string) => Promise<Known | undefined>;
};

/** One that could not be asked to end is asked again. */
const againMs = 10_000;

export class Recycler {
  readonly #deps: RecyclerDeps;
  readonly #asked = new Map<string, { run: string; atMs: number }>();

  constructor(deps: RecyclerDeps) {
    this.#deps = deps;
  }

  /** Waits for none of them. `nowMs` is the monotonic clock. */
  turn(services: Iterable<Known>, nowMs: number): void {
    for (const known of services) {
      const run = this.#runToEnd(known);
      if (run === null) continue;
      const { name } = known.reading;
      const asked = this.#asked.get(name);
      if (asked?.run === run && nowMs - asked.atMs < againMs) continue;
      this.#asked.set(name, { run, atMs: nowMs });
      void this.#recycle(name, run);
    }
  }

  /** Null where it is well, or is not to be restarted. */
  #runToEnd(known: Known | undefined): string | null {
    if (known?.spec.healthRestart !== true) return null;
    return this.#deps.monitor.of(known.reading.name).health === "unhealthy" ? runOf(known) : null;
  }

  async #recycle(name: string, run: string): Promise<void> {
    const { look, monitor, say } = this.#deps;
    const why = `it is unhealthy: ${monitor.of(name).reason ?? "its probe fails"}`;
    const deps = { ...this.#deps, warn: say, progress: () => {} };
    const work = async (): Promise<boolean> => {
      const known = await look(name);
      if (known === undefined || this.#runToEnd(known) !== run) return false;
      await deps.backend.recycle(known.spec);
      return true;
    };
    try {
      const entry = { act: "restart", targets: [name], differences: [] };
      const ending = (isDone: boolean) => ({ message: isDone ? why : "unchanged", failed: [], exitStatus: exitStatus.done });
      if (await recorded(deps, entry, work, ending)) say(`${name} is restarted: ${why}`);
    } catch (error) {
      say(`cannot restart ${name}, though ${why}: ${reasonOf(error)}`);
    }
  }
}
