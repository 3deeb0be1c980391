// Finds in the background why services are not well, for readers that follow the services. Finding a reason reads logs and the
// trail, so that it is done once for each state of a service and not with each sample.
import type { ModelEvent } from "../../status/events.ts";
import type { Observed, Snapshot } from "../../status/schema.ts";
import { type ExplainDeps, evidenceOf, isUnexplained } from "./explain.ts";
import { type Evidence, noEvidence, serviceReason } from "./reason.ts";

type Known = { state: string; evidence: Evidence };

/** Each report of a state, even of the same one, changes this. */
const stateOf = ({ status, end, outcome }: Observed): string =>
  JSON.stringify([status.state, status.restarts, status.health, end, outcome?.at ?? null]);

export class Reasons {
  readonly #deps: ExplainDeps;
  readonly #onFound: () => void;
  #services: readonly Observed[] = [];
  readonly #known = new Map<string, Known>();
  #isExplaining = false;

  /** `onFound` is called after each search. */
  constructor(deps: ExplainDeps, onFound: () => void) {
    this.#deps = deps;
    this.#onFound = onFound;
  }

  /** The reasons found so far, by the name of the service. Their ages are those of now. */
  get found(): ReadonlyMap<string, string | null> {
    const found = new Map<string, string | null>();
    for (const one of this.#services) if (this.#isKnown(one)) found.set(one.status.name, this.#reasonOf(one));
    return found;
  }

  /** Takes the snapshot after an event, and searches the reasons that are not known. */
  hear(event: ModelEvent, { services }: Pick<Snapshot, "services">): void {
    if (event.kind === "change") this.#known.delete(event.observed.status.name);
    this.#services = services.filter(isUnexplained);
    const names = new Set(this.#services.map(({ status }) => status.name));
    for (const name of this.#known.keys()) if (!names.has(name)) this.#known.delete(name);
    const wanted = this.#services.filter((one) => !this.#isKnown(one));
    if (wanted.length === 0 || this.#isExplaining) return;
    this.#isExplaining = true;
    void this.#search(wanted);
  }

  /** The service with its reason, if one was found. */
  explained(one: Observed): Observed {
    return isUnexplained(one) && this.#isKnown(one) ? { ...one, status: { ...one.status, reason: this.#reasonOf(one) } } : one;
  }

  #isKnown(one: Observed): boolean {
    return this.#known.get(one.status.name)?.state === stateOf(one);
  }

  #reasonOf(one: Observed): string | null {
    const known = this.#known.get(one.status.name);
    return known === undefined ? null : serviceReason(one, known.evidence, this.#deps.now());
  }

  /** What was found about a service that has changed meanwhile does not count, because its state is another one. */
  async #search(wanted: readonly Observed[]): Promise<void> {
    // A service without evidence gets the reason that its state alone gives.
    const evidence = await evidenceOf(wanted, this.#deps).catch(() => null);
    for (const one of wanted)
      this.#known.set(one.status.name, { state: stateOf(one), evidence: evidence?.get(one.status.name) ?? noEvidence });
    this.#isExplaining = false;
    this.#onFound();
  }
}
