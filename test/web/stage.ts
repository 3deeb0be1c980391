// A Model for tests, which says what the test wants at the moment when the test wants it.
import type { ModelEvent } from "../../src/status/events.ts";
import { statusNamed } from "./scene.ts";

/** A Model whose events the test decides; each follower gets a snapshot first. */
export class Stage {
  followers = 0;
  readonly #told = new Set<(event: ModelEvent) => void>();

  tell(event: ModelEvent): void {
    for (const one of this.#told) one(event);
  }

  gone(atMs: number): void {
    this.tell({ kind: "gone", atMs, name: "other" });
  }

  readonly follow = async function* (this: Stage, { signal }: { signal: AbortSignal }): AsyncGenerator<ModelEvent> {
    const waiting: ModelEvent[] = [snapshotEvent()];
    let wake = () => {};
    const hear = (event: ModelEvent) => {
      waiting.push(event);
      wake();
    };
    this.followers++;
    this.#told.add(hear);
    signal.addEventListener("abort", () => wake());
    try {
      while (!signal.aborted) {
        const event = waiting.shift();
        if (event !== undefined) yield event;
        else {
          await new Promise<void>((resolve) => {
            wake = resolve;
          });
        }
      }
    } finally {
      this.#told.delete(hear);
      this.followers--;
    }
  }.bind(this);
}

export function snapshotEvent(): ModelEvent {
  const services = [{ status: statusNamed("web"), wanted: true, end: null, nextStartMs: null, outcome: null, unwell: null, served: null }];
  return { kind: "snapshot", snapshot: { atMs: 1, services, added: [], notices: [], warnings: [], alerts: [], host: null } };
}
