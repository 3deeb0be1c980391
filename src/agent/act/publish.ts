// Tells readers what a moment has changed. Between two moments everybody who listens knows the same.
import type { Notice } from "../../backend/notice.ts";
import type { Subscriber } from "../../base/channel/feed.ts";
import type { ModelEvent } from "../../status/events.ts";
import { addedNotices } from "../../status/foreign.ts";
import type { Observed, Snapshot } from "../../status/schema.ts";
import { stateAfterOutcome, withState } from "../../status/status.ts";
import { runOf } from "../collect/services.ts";
import type { Moment, ReportedChange, Stage } from "../moment.ts";
import type { SharedNotices } from "../shared-notices.ts";
import type { View } from "../view.ts";

type Reader = Subscriber<ModelEvent> & { paceMs: number };
type Published = { observed: Observed; key: string };
type Passed = Extract<ModelEvent, { kind: "change" }>["passed"];

/** States of one service that wait to be told; a crash loop of a service that cannot be read loses the oldest. */
const maxPassed = 100;

export type PublisherDeps = {
  view: View;
  shared: SharedNotices;
  /** Of specs that cannot be read. */
  warnings: () => string[];
};

export class Publisher implements Stage {
  readonly #deps: PublisherDeps;
  readonly #readers = new Set<Reader>();
  readonly #published = new Map<string, Published>();
  #alike: Pick<Snapshot, "notices" | "added" | "warnings"> = { notices: [], added: [], warnings: [] };
  /** Changes that the backend reported since the last moment. */
  #told: ReportedChange[] = [];
  /** Changes that readers know already: from a hint, or because their snapshot is newer. */
  readonly #heard = new WeakSet<ReportedChange>();
  /** States that readers have not been told yet, because the service could not be compared in that moment. */
  readonly #passed = new Map<string, Passed>();
  #atMs = 0;
  #host: Snapshot["host"] = null;
  /** Made for the first reader that needs it, and shared until something is told. */
  #whole: ModelEvent | null = null;
  /** The last moment that was told to nobody, because all had fallen behind. */
  #missed: Moment | null = null;

  constructor(deps: PublisherDeps) {
    this.#deps = deps;
  }

  /** How often readers want samples; null where nobody reads. A reader that has fallen behind gets no sample, so that none is taken for it. */
  get paceMs(): number | null {
    const paces = [...this.#readers].flatMap(({ paceMs, isBehind }) => (isBehind() ? [] : [paceMs]));
    return paces.length === 0 ? null : Math.min(...paces);
  }

  /** `moment` is that of now; from then on each event is told. Returns what ends it. */
  hear(listener: Subscriber<ModelEvent>, paceMs: number, moment: Moment): () => void {
    if (this.#readers.size === 0) this.#begin(moment);
    const reader = { ...listener, paceMs };
    this.#readers.add(reader);
    return () => {
      this.#readers.delete(reader);
    };
  }

  /** All that was told so far, as one event. */
  whole(): ModelEvent {
    if (this.#missed !== null) this.#begin(this.#missed);
    if (this.#whole !== null) return this.#whole;
    const services = Array.from(this.#published.values(), ({ observed }) => observed);
    this.#whole = { kind: "snapshot", snapshot: { atMs: this.#atMs, services, ...this.#alike, host: this.#host } };
    return this.#whole;
  }

  /**
   * A change that was told just now: the state alone is passed on, because reading all of the service takes its time. The next
   * moment has the rest. A service that is up again has another process, so that one is read first.
   */
  told(change: ReportedChange): void {
    const { name, atMs } = change;
    this.#told.push(change);
    const before = this.#published.get(name)?.observed;
    if (this.#readers.size === 0 || this.#missed !== null || before === undefined || change.state === null) return;
    const state = stateAfterOutcome(change.state, before.outcome);
    if (state === "active" || state === before.status.state) return;
    this.#heard.add(change);
    const observed = withState(before, state);
    // Whatever is read next is another one.
    this.#published.set(name, { observed, key: "" });
    this.#tell({ kind: "change", atMs, observed, passed: [{ state, atMs }] });
  }

  act(moment: Moment): void {
    this.#told = [];
    if (this.#readers.size === 0) return;
    // Nobody would get what is told now: what is so is put together when one of them asks for it.
    if ([...this.#readers].every(({ isBehind }) => isBehind())) {
      this.#missed = moment;
      return;
    }
    const { atMs, services, dirty } = moment;
    const isSampled = moment.kind !== "none";
    if (isSampled) this.#deps.shared.renew();
    this.#tellAlike(moment);
    for (const name of [...this.#published.keys()].filter((known) => !services.has(known))) {
      this.#published.delete(name);
      this.#tell({ kind: "gone", atMs, name });
    }
    this.#keepPassed(moment);
    const names = new Set(isSampled ? services.keys() : [...moment.touched, ...this.#unready(), ...this.#passed.keys()]);
    // What was read of a dirty service is older than what was told of it: a process that has ended would seem to live again.
    const observed = this.#deps.view.of(names.difference(dirty), moment, { shared: this.#alike.notices, isExact: false });
    for (const one of observed) this.#compare(one, moment);
    if (isSampled) this.#tell({ kind: "sample", atMs, figures: observed.map(figuresOf), host: moment.host });
    this.#atMs = atMs;
    this.#host = moment.host;
  }

  close(): void {
    this.#readers.clear();
  }

  #begin(moment: Moment): void {
    this.#missed = null;
    this.#published.clear();
    this.#passed.clear();
    // A dirty service is as it was before the change, so that the change is still news.
    for (const change of this.#told) if (!moment.dirty.has(change.name)) this.#heard.add(change);
    this.#whole = null;
    this.#alike = this.#alikeNow();
    this.#atMs = moment.atMs;
    this.#host = moment.host;
    for (const observed of this.#deps.view.of(moment.services.keys(), moment, { shared: this.#alike.notices, isExact: true }))
      this.#published.set(observed.status.name, { observed, key: keyOf(observed, moment) });
  }

  /** A service opens its port without a word to anybody. An unhealthy one stays unready until a probe says otherwise, which is told. */
  #unready(): string[] {
    return Array.from(this.#published.values()).flatMap(({ observed: { status } }) =>
      status.state === "active" && !status.ready && status.health !== "unhealthy" ? [status.name] : [],
    );
  }

  #keepPassed({ changes, services }: Moment): void {
    for (const change of changes) {
      const { name, state, atMs } = change;
      if (state === null || this.#heard.has(change)) continue;
      const passed = this.#passed.get(name) ?? [];
      this.#passed.set(name, [...passed.slice(1 - maxPassed), { state, atMs }]);
    }
    for (const name of this.#passed.keys()) if (!services.has(name)) this.#passed.delete(name);
  }

  #compare(observed: Observed, moment: Moment): void {
    const { name } = observed.status;
    const before = this.#published.get(name);
    const key = keyOf(observed, moment);
    this.#published.set(name, { observed, key });
    const passed = this.#passed.get(name) ?? [];
    this.#passed.delete(name);
    // A state that has passed by already is told all the same.
    const isNews = before?.key !== key || passed.some(({ state }) => state !== observed.status.state);
    if (isNews) this.#tell({ kind: "change", atMs: moment.atMs, observed, passed });
  }

  #tellAlike({ atMs }: Moment): void {
    const now = this.#alikeNow();
    if (Bun.deepEquals(now, this.#alike)) return;
    this.#alike = now;
    this.#tell({ kind: "notice", atMs, ...now });
  }

  #alikeNow(): Pick<Snapshot, "notices" | "added" | "warnings"> {
    const { view, shared, warnings } = this.#deps;
    const added: Notice[] = addedNotices(view.foreign(false));
    return { notices: shared.latest, added, warnings: warnings() };
  }

  #tell(event: ModelEvent): void {
    this.#whole = null;
    for (const { tell } of this.#readers) tell(event);
  }
}

/** Names all of a service but its figures, which move all the time. */
function keyOf({ status, unwell, ...rest }: Observed, { services }: Moment): string {
  const { uptimeMs: _, cpuPercent: __, cpuTimeMs: ___, memoryBytes: ____, memorySource: _____, tasks: ______, ...lasting } = status;
  const known = services.get(status.name);
  return JSON.stringify([lasting, rest, unwell?.reason ?? null, known === undefined ? null : runOf(known)]);
}

function figuresOf({ status }: Observed) {
  const { name, uptimeMs, cpuPercent, cpuTimeMs, memoryBytes, memorySource, tasks } = status;
  return { name, uptimeMs, cpuPercent, cpuTimeMs, memoryBytes, memorySource, tasks };
}
