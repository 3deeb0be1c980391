// Finds in the background why services are not well, for readers that follow the services: finding a reason reads logs.
import type { ModelEvent } from "../../status/events.ts";
import type { Observed, Snapshot } from "../../status/schema.ts";
import { type ExplainDeps, explain, isUnexplained } from "./explain.ts";

export class Reasons {
  readonly #deps: ExplainDeps;
  readonly #onFound: () => void;
  #snapshot: Pick<Snapshot, "services"> = { services: [] };
  #found = new Map<string, string | null>();
  #isExplaining = false;

  /** `onFound` is called after each search. */
  constructor(deps: ExplainDeps, onFound: () => void) {
    this.#deps = deps;
    this.#onFound = onFound;
  }

  /** The reasons found so far, by the name of the service. */
  get found(): ReadonlyMap<string, string | null> {
    return this.#found;
  }

  /** Takes the snapshot after an event, and searches the reasons that are not known. */
  hear(event: ModelEvent, snapshot: Pick<Snapshot, "services">): void {
    this.#snapshot = snapshot;
    if (event.kind === "change") this.#found.delete(event.observed.status.name);
    const unwell = snapshot.services.filter(isUnexplained).map((one) => ({ ...one, status: { ...one.status } }));
    if (unwell.length === 0 || this.#isExplaining) return;
    this.#isExplaining = true;
    void explain(unwell, this.#deps)
      .then(() => this.#keep(unwell))
      .finally(() => {
        this.#isExplaining = false;
        this.#onFound();
      });
  }

  /** The service with its reason, if one was found. */
  explained(one: Observed): Observed {
    return isUnexplained(one) ? { ...one, status: { ...one.status, reason: this.#found.get(one.status.name) ?? null } } : one;
  }

  /** The reason of a service that has changed meanwhile is out of date. */
  #keep(unwell: Observed[]): void {
    const now = new Map(this.#snapshot.services.map(({ status }) => [status.name, status]));
    const lasting = unwell.filter(({ status: { name, state, restarts } }) => {
      return now.get(name)?.state === state && now.get(name)?.restarts === restarts;
    });
    this.#found = new Map(lasting.map(({ status }) => [status.name, status.reason]));
  }
}
