// The present state of the services, as the stream of events tells it. Views listen to the events after they were applied.
import type { ModelEvent } from "../../../status/events.ts";
import type { Observed, Snapshot } from "../../../status/schema.ts";

export type LiveListener = (event: ModelEvent) => void;

export class LiveServices {
  readonly services = new Map<string, Observed>();
  host: Snapshot["host"] = null;
  alerts: Snapshot["alerts"] = null;
  notices: Snapshot["notices"] = [];
  warnings: string[] = [];
  /** By the clock of the server; null until the first snapshot has come. */
  atMs: number | null = null;
  readonly #listeners = new Set<LiveListener>();

  apply(event: ModelEvent): void {
    this.#take(event);
    for (const listener of [...this.#listeners]) listener(event);
  }

  /** Returns the function that ends the listening. */
  listen(listener: LiveListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #take(event: ModelEvent): void {
    switch (event.kind) {
      case "snapshot":
        this.#replace(event.snapshot);
        return;
      case "change":
        this.services.set(event.observed.status.name, event.observed);
        break;
      case "sample":
        // The objects stay, because a thousand new ones each second would be work for the collector.
        for (const { name, ...figures } of event.figures) {
          const observed = this.services.get(name);
          if (observed !== undefined) Object.assign(observed.status, figures);
        }
        this.host = event.host;
        break;
      case "notice":
        this.notices = [...event.notices, ...event.added];
        this.warnings = event.warnings;
        break;
      case "alert":
        this.alerts = event.alerts;
        break;
      case "gone":
        this.services.delete(event.name);
    }
    this.atMs = event.atMs;
  }

  #replace({ atMs, services, added, notices, warnings, alerts, host }: Snapshot): void {
    this.services.clear();
    for (const observed of services) this.services.set(observed.status.name, observed);
    this.host = host;
    this.alerts = alerts;
    this.notices = [...notices, ...added];
    this.warnings = warnings;
    this.atMs = atMs;
  }
}
