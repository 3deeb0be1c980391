// A stream of events that a test feeds.
import type { ModelEvent } from "../../src/status/events.ts";
import type { Snapshot } from "../../src/status/schema.ts";

export class EventFeed {
  readonly #waiting: (() => void)[] = [];
  readonly #events: ModelEvent[] = [];

  push(event: ModelEvent): void {
    this.#events.push(event);
    this.#waiting.shift()?.();
  }

  /** One reader at a time: the hub of the server. */
  async *follow(snapshot: () => Snapshot, signal: AbortSignal): AsyncIterable<ModelEvent> {
    yield { kind: "snapshot", snapshot: snapshot() };
    while (!signal.aborted) {
      const event = this.#events.shift();
      if (event !== undefined) yield event;
      else
        await new Promise<void>((resolve) => {
          this.#waiting.push(resolve);
          signal.addEventListener("abort", () => resolve(), { once: true });
        });
    }
  }
}
