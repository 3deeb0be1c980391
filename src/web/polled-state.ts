// Holds the state of the services while clients poll: with 1,000 services each reading costs a tenth of a second of CPU, and the
// changes since the last one cost almost nothing.
import { after } from "../status/events.ts";
import type { Snapshot } from "../status/schema.ts";
import type { WebSource } from "./source.ts";

const paceMs = 5000;
/** Without a request for this long, the state is no longer followed. */
const idleMs = 15_000;

export class PolledState {
  readonly #follow: WebSource["follow"];
  #snapshot: Snapshot | null = null;
  #following: AbortController | null = null;
  #askedMs = 0;

  /** `ends`: aborted when the server ends. */
  constructor(follow: WebSource["follow"], ends: AbortSignal) {
    this.#follow = follow;
    ends.addEventListener("abort", () => this.#following?.abort());
  }

  /** The present state; null until the stream has begun, and where it cannot be followed. */
  now(): Snapshot | null {
    this.#askedMs = performance.now();
    if (this.#following === null) void this.#run();
    return this.#snapshot;
  }

  async #run(): Promise<void> {
    const own = new AbortController();
    this.#following = own;
    const watch = setInterval(() => {
      if (performance.now() - this.#askedMs > idleMs) own.abort();
    }, idleMs / 3);
    watch.unref();
    try {
      for await (const event of this.#follow({ signal: own.signal, paceMs })) {
        if (own.signal.aborted) break;
        if (event.kind === "snapshot") this.#snapshot = event.snapshot;
        else if (this.#snapshot !== null) this.#snapshot = after(this.#snapshot, event);
      }
    } catch {
      // The services cannot be followed at the moment; each request then reads them.
    } finally {
      clearInterval(watch);
      this.#snapshot = null;
      this.#following = null;
    }
  }
}
