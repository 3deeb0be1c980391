// The acts that the dashboard has begun: shows each until it ends, and then how it ended.
import type { Deps } from "../lifecycle/deps.ts";
import type { ActTold } from "./acting.ts";
import type { MonitEvent } from "./events.ts";

/** An act may warn, and say how far it is. */
export type ActSays = Pick<Deps, "warn" | "progress">;

export class RunningActs {
  readonly #take: (event: MonitEvent) => void;
  readonly #running = new Map<Promise<ActTold>, string>();

  constructor(take: (event: MonitEvent) => void) {
    this.#take = take;
  }

  /** What runs now, in words. */
  get words(): string[] {
    return [...this.#running.values()];
  }

  run(lead: string, work: (says: ActSays) => Promise<ActTold>): void {
    const show = (text: string) => {
      this.#running.set(done, text);
      this.#take({ kind: "busy", acts: this.words });
    };
    const warn = (text: string) => this.#take({ kind: "said", text, isError: true });
    // The work begins after `done` exists, because it may say at once how far it is.
    const done: Promise<ActTold> = Promise.resolve()
      .then(() => work({ warn, progress: (text) => show(`${lead}: ${text}`) }))
      .then((told) => {
        this.#running.delete(done);
        this.#take({ kind: "busy", acts: this.words });
        this.#take({ kind: "said", ...told });
        return told;
      });
    show(lead);
  }

  /** Waits for the acts that still run, and returns how they ended. */
  async ended(): Promise<ActTold[]> {
    return Promise.all(this.#running.keys());
  }
}
