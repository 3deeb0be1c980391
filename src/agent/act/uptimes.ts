// The uptime of the services with a rule on it. It is computed from the stored states, in the background and seldom, because
// that reads as many rows as the service had changes.

import type { RuleSet } from "../../alerting/rules/rules.ts";
import { reasonOf } from "../../base/errors.ts";
import { availability } from "../../storage/availability.ts";
import type { StorageReader } from "../../storage/storage.ts";

const everyMs = 60_000;
/** The longest work without a pause, but for the answer to one service. */
const pieceMs = 5;

export class Uptimes {
  readonly #storage: Pick<StorageReader, "watches">;
  readonly #say: (sentence: string) => void;
  readonly #percent = new Map<string, number | null>();
  #lookedMs = Number.NEGATIVE_INFINITY;
  #work: Promise<void> | null = null;
  #isClosed = false;

  constructor(storage: Pick<StorageReader, "watches">, say: (sentence: string) => void) {
    this.#storage = storage;
    this.#say = say;
  }

  /** Null where it is unknown. */
  of(service: string): number | null {
    return this.#percent.get(service) ?? null;
  }

  /** Starts the look-up if the last one is old; does not wait for it. */
  look(services: Iterable<string>, rulesOf: (service: string) => RuleSet, atMs: number): void {
    if (this.#work !== null || performance.now() - this.#lookedMs < everyMs) return;
    this.#lookedMs = performance.now();
    const windows = new Map<string, number>();
    for (const service of services) {
      const rule = rulesOf(service).thresholds.find(({ name }) => name === "uptime");
      if (rule !== undefined) windows.set(service, rule.withinMs);
    }
    for (const service of this.#percent.keys()) if (!windows.has(service)) this.#percent.delete(service);
    if (windows.size === 0) return;
    this.#work = this.#look(windows, atMs)
      .catch((error: unknown) => this.#say(`cannot compute the uptime for alerts: ${reasonOf(error)}`))
      .finally(() => {
        this.#work = null;
      });
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#work;
  }

  async #look(windows: ReadonlyMap<string, number>, atMs: number): Promise<void> {
    let beganMs = performance.now();
    for (const [service, withinMs] of windows) {
      // SQLite answers without a pause, so a thousand services in one piece would keep the next turn waiting.
      if (performance.now() - beganMs >= pieceMs) {
        await Bun.sleep(pieceMs);
        beganMs = performance.now();
      }
      if (this.#isClosed) return;
      const range = { fromMs: atMs - withinMs, toMs: atMs };
      const { uptimeRatio } = availability(await this.#storage.watches(service, range), range);
      this.#percent.set(service, uptimeRatio === null ? null : uptimeRatio * 100);
    }
  }
}
