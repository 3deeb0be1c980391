// Stores the changes that a turn of the agent found, each with the time at which it was reported, and the samples of a tick.
import { restartsOf, stateAfterOutcome } from "../../status/status.ts";
import type { Storage } from "../../storage/storage.ts";
import type { Moment, Stage } from "../moment.ts";

/** Garbage is collected after this many ticks; without that, the memory of the agent would grow to several times its size. */
const collectEveryTicks = 12;
/** At most this many changes are stored per turn. If thousands of services crash in a loop, the oldest changes are dropped. */
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

/** Stores each state as `status` shows it: a service that bs9 stopped after a failed start is `failed`, not `inactive`. */
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
