// Does the readings that the dashboard wants: the log and the past of a service, the history, a stored moment.
import { reasonOf } from "../base/errors.ts";
import { environmentOf } from "../service/spec.ts";
import type { MonitEffect, MonitEvent } from "./events.ts";
import type { MonitModel } from "./model.ts";
import { Moments } from "./moments.ts";
import { followLog, type MonitDeps, PastReader, storedPoints } from "./sources.ts";

/** A selection that changes again within this time reads nothing. */
const settleMs = 120;

export class DashboardReading {
  readonly #deps: MonitDeps;
  readonly #signal: AbortSignal;
  readonly #take: (event: MonitEvent) => void;
  readonly #moments: Moments;
  readonly #past: PastReader;
  /** Ends the reading of the service that was selected before. */
  #latest = new AbortController();

  /** `take` gets the results; the AbortSignal ends every reading. */
  constructor(deps: MonitDeps, signal: AbortSignal, take: (event: MonitEvent) => void) {
    this.#deps = deps;
    this.#signal = signal;
    this.#take = take;
    this.#moments = new Moments(deps);
    this.#past = new PastReader(deps);
  }

  environment(name: string): void {
    try {
      const spec = this.#deps.registry.get(name);
      const names = spec === null ? [] : Object.keys(environmentOf(spec)).sort();
      const lines = [...names, "", "The values may be secret, so they are not shown."];
      this.#take({ kind: "words", title: `environment of ${name}`, lines });
    } catch (error) {
      this.#take({ kind: "said", text: `the environment of ${name} cannot be read: ${reasonOf(error)}`, isError: true });
    }
  }

  /** Reads the log and the past of the selected service, once the selection stays for a moment. */
  follow({ name, untilMs }: Extract<MonitEffect, { do: "follow" }>): void {
    this.#latest.abort();
    this.#latest = new AbortController();
    if (name === null) return;
    const signal = AbortSignal.any([this.#signal, this.#latest.signal]);
    setTimeout(() => {
      if (signal.aborted) return;
      void followLog(name, untilMs, this.#deps, signal, (lines, isRead, trouble) =>
        this.#take({ kind: "log", name, lines, isRead, trouble }),
      );
      void this.#past.read(name, untilMs, signal).then((list) => {
        if (!signal.aborted) this.#take({ kind: "past", name, list });
      });
    }, settleMs);
  }

  async history({ name, toMs, rangeMs }: Extract<MonitEffect, { do: "history" }>, model: () => MonitModel): Promise<void> {
    // A selection that has moved on meanwhile needs no history.
    await Bun.sleep(settleMs);
    if (this.#signal.aborted || model().selected !== name) return;
    try {
      const points = await storedPoints(name, { toMs, rangeMs, intervalMs: model().intervalMs }, this.#deps);
      this.#take({ kind: "history", name, points, readMs: Date.now() });
    } catch (error) {
      this.#take({ kind: "history", name, points: [], readMs: Date.now() });
      this.#take({ kind: "said", text: `the history cannot be read: ${reasonOf(error)}`, isError: true });
    }
  }

  async travel({ atMs, direction }: Extract<MonitEffect, { do: "travel" }>, model: () => MonitModel): Promise<void> {
    // Keys that came together lead to the last of their moments.
    await Bun.sleep(0);
    if (model().travel.wantedMs !== atMs) return;
    try {
      const moment = await this.#moments.from(atMs, direction, model());
      this.#take({ kind: "moment", askedMs: atMs, direction, moment });
    } catch (error) {
      this.#take({ kind: "said", text: `the history cannot be read: ${reasonOf(error)}`, isError: true });
    }
  }
}
