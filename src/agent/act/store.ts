// Stores what a moment has found: each change with the moment at which it was told, and the samples of a tick.
import { restartsOf, stateAfterOutcome } from "../../status/status.ts";
import type { Storage } from "../../storage/storage.ts";
import type { Moment, Stage } from "../moment.ts";

/** What storing a tick has used is given back, or memory would grow to several times of it. */
const collectEveryTicks = 12;
/** Changes of one moment that are stored; a crash loop of thousands of services loses the oldest. */
const maxChanges = 10_000;

export class Store implements Stage {
  readonly #storage: Pick<Storage, "append" | "observe" | "turn">;
  #ticks = 0;

  constructor(storage: Pick<Storage, "append" | "observe" | "turn">) {
    this.#storage = storage;
  }

  async act(moment: Moment): Promise<void> {
    const changes = changesOf(moment);
    if (changes.length > 0) await this.#storage.observe(changes);
    if (moment.kind !== "tick") return;
    await this.#storage.append({ atMs: moment.atMs, samples: moment.samples, host: moment.host });
    await this.#storage.turn();
    if (this.#ticks++ % collectEveryTicks === 0) Bun.gc(true);
  }

  close(): void {}
}

/** The history says of a state what `status` says of it. */
function changesOf({ changes, services, outcomes }: Moment): Parameters<Storage["observe"]>[0] {
  return changes.slice(-maxChanges).flatMap(({ name, state, atMs, health }) => {
    const reading = services.get(name)?.reading;
    if (reading === undefined) return [];
    const outcome = outcomes.get(name) ?? null;
    return [
      { service: name, atMs, state: stateAfterOutcome(state ?? reading.state, outcome), health, restarts: restartsOf(reading, outcome) },
    ];
  });
}
