// One sample of all: what is known of the services and their counters -> samples, and what the last ones were.
import { counterReader } from "../../metrics/counters.ts";
import { type Sample, type ServiceReading, type State, sampleOf } from "../../metrics/sample.ts";
import { type Known, runOf } from "./services.ts";

export type SampleInput = {
  known: Known;
  state: State;
  restarts: number | null;
  health: Pick<ServiceReading, "health" | "latencyMs">;
};

type Latest = { run: string | null; readAtMs: number; sample: Sample };

export class Sampler {
  readonly #counters = counterReader();
  /** What the next tick is compared with. */
  readonly #ofTick = new Map<string, ServiceReading>();
  /** What the next sample of any kind is compared with. */
  readonly #last = new Map<string, ServiceReading>();
  readonly #latest = new Map<string, Latest>();

  /**
   * State first, then what is cheap of all; what there is no time for is null. `readAtMs` is the monotonic clock. A sample that
   * is not of a tick changes nothing of what the next tick says.
   */
  take(
    looks: readonly SampleInput[],
    { readAtMs, hasTime, isTick }: { readAtMs: number; hasTime: () => boolean; isTick: boolean },
  ): Sample[] {
    const before = isTick ? this.#ofTick : this.#last;
    const counted = looks.map(({ known }) => ({ service: known.reading.name, group: known.reading.group }));
    const counters = this.#counters.read(counted, readAtMs, hasTime);
    const samples = looks.flatMap(({ known, state, restarts, health }): Sample[] => {
      const { name } = known.reading;
      const found = counters.get(name);
      if (found === undefined) return [];
      const reading = { ...found, ...health, service: name, readAtMs, state, restarts };
      const sample = sampleOf(before.get(name) ?? null, reading);
      if (isTick) this.#ofTick.set(name, reading);
      this.#last.set(name, reading);
      this.#latest.set(name, { run: runOf(known), readAtMs, sample });
      return [sample];
    });
    const present = new Set(looks.map(({ known }) => known.reading.name));
    for (const name of this.#last.keys()) if (!present.has(name)) this.#forget(name);
    return samples;
  }

  /** That of the run that is on now, from `sinceMs` on (the clock of `take`); null where there is none. */
  latest(known: Known, sinceMs = Number.NEGATIVE_INFINITY): Sample | null {
    const last = this.#latest.get(known.reading.name);
    const isOfRun = last !== undefined && last.run !== null && last.run === runOf(known);
    return isOfRun && last.readAtMs >= sinceMs ? last.sample : null;
  }

  close(): void {
    this.#counters.close();
  }

  #forget(name: string): void {
    this.#ofTick.delete(name);
    this.#last.delete(name);
    this.#latest.delete(name);
  }
}
