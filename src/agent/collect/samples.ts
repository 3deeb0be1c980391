// Reads the counters of all services, makes a sample of each service, and keeps its latest sample.
import { counterReader } from "../../metrics/counters.ts";
import { type RequestFigures, type Sample, type ServiceReading, type State, sampleOf } from "../../metrics/sample.ts";
import { type Known, runOf } from "./services.ts";

export type SampleInput = {
  known: Known;
  state: State;
  restarts: number | null;
  health: Pick<ServiceReading, "health" | "latencyMs">;
  /** What the app tells of its requests; null if it told nothing since the last tick. */
  requests: RequestFigures | null;
};

type Latest = { run: string | null; readAtMs: number; sample: Sample };

export class Sampler {
  readonly #counters = counterReader();
  /** The readings of the last tick: the next tick computes its rates from them. */
  readonly #ofTick = new Map<string, ServiceReading>();
  /** The readings of the last sample of any kind: the next sample between ticks computes its rates from them. */
  readonly #last = new Map<string, ServiceReading>();
  readonly #latest = new Map<string, Latest>();

  /**
   * Reads the cheap counters of all services first, then the expensive ones while there is time; the others are null.
   * `readAtMs` is on the monotonic clock. A sample between ticks does not change what the next tick reports.
   */
  take(
    looks: readonly SampleInput[],
    { readAtMs, hasTime, isTick }: { readAtMs: number; hasTime: () => boolean; isTick: boolean },
  ): Sample[] {
    const before = isTick ? this.#ofTick : this.#last;
    const counted = looks.map(({ known }) => ({ service: known.reading.name, group: known.reading.group }));
    const counters = this.#counters.read(counted, readAtMs, hasTime);
    const samples = looks.flatMap(({ known, state, restarts, health, requests }): Sample[] => {
      const { name } = known.reading;
      const found = counters.get(name);
      if (found === undefined) return [];
      const reading = { ...found, ...health, ...requests, service: name, readAtMs, state, restarts };
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

  /**
   * The latest sample of the current run of a service, if it was taken at `sinceMs` or later (on the clock of `take`);
   * otherwise null.
   */
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
