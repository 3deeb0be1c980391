// Compares the result of each turn with what the readers (processes that follow the services) know, and sends them the
// differences as events. All readers get the same events.
import type { AlertNow } from "../../alerting/evaluation/kept.ts";
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

/**
 * At most this many states of one service wait to be sent. If a service crashes in a loop and cannot be read, the oldest are
 * dropped.
 */
const maxPassed = 100;

export type PublisherDeps = {
  view: View;
  shared: SharedNotices;
  /** One sentence for each spec that cannot be read. */
  warnings: () => string[];
  /** The alerts that are pending or firing. */
  alerts: () => AlertNow[];
};

export class Publisher implements Stage {
  readonly #deps: PublisherDeps;
  readonly #readers = new Set<Reader>();
  readonly #published = new Map<string, Published>();
  #alike: Pick<Snapshot, "notices" | "added" | "warnings"> = { notices: [], added: [], warnings: [] };
  /** Changes that the backend has reported since the last turn. */
  #told: ReportedChange[] = [];
  /** Changes that readers already know, because `told` sent them or because the readers' snapshot is newer. */
  readonly #heard = new WeakSet<ReportedChange>();
  /** States that were not sent yet, because their service could not be compared in the moment in which they were reported. */
  readonly #passed = new Map<string, Passed>();
  #alerts: AlertNow[] = [];
  #atMs = 0;
  #host: Snapshot["host"] = null;
  /** The snapshot event for readers: made when the first reader needs it, and reused until the next event. */
  #whole: ModelEvent | null = null;
  /** The latest `Moment` whose events no reader received, because all readers had fallen behind. */
  #missed: Moment | null = null;

  constructor(deps: PublisherDeps) {
    this.#deps = deps;
  }

  /**
   * The shortest interval in which a reader wants samples; null while there are no readers. Readers that have fallen behind do
   * not count, because they do not receive samples.
   */
  get paceMs(): number | null {
    const paces = [...this.#readers].flatMap(({ paceMs, isBehind }) => (isBehind() ? [] : [paceMs]));
    return paces.length === 0 ? null : Math.min(...paces);
  }

  /**
   * Adds a reader, which receives every event from now on. `moment` is the result of the latest turn. Returns a function that
   * removes the reader.
   */
  hear(listener: Subscriber<ModelEvent>, paceMs: number, moment: Moment): () => void {
    if (this.#readers.size === 0) this.#begin(moment);
    const reader = { ...listener, paceMs };
    this.#readers.add(reader);
    return () => {
      this.#readers.delete(reader);
    };
  }

  /** Makes the snapshot event that replaces all events so far. */
  whole(): ModelEvent {
    if (this.#missed !== null) this.#begin(this.#missed);
    if (this.#whole !== null) return this.#whole;
    const services = Array.from(this.#published.values(), ({ observed }) => observed);
    this.#whole = { kind: "snapshot", snapshot: { atMs: this.#atMs, services, ...this.#alike, alerts: this.#alerts, host: this.#host } };
    return this.#whole;
  }

  /**
   * Sends a reported change at once with the new state alone, because reading the whole service takes time; the next turn sends
   * the rest. The state `active` is not sent, because the service then has a new process, which has to be read first.
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
    // An empty key differs from the key of every reading, so the next reading counts as a change.
    this.#published.set(name, { observed, key: "" });
    this.#tell({ kind: "change", atMs, observed, passed: [{ state, atMs }] });
  }

  act(moment: Moment): void {
    this.#told = [];
    if (this.#readers.size === 0) return;
    // No reader would receive events now. When a reader asks for a snapshot, `whole` makes it from `moment`.
    if ([...this.#readers].every(({ isBehind }) => isBehind())) {
      this.#missed = moment;
      return;
    }
    const { atMs, services, dirty } = moment;
    const isSampled = moment.kind !== "none";
    if (isSampled) this.#deps.shared.renew();
    this.#tellAlike(moment);
    this.#tellAlerts(moment);
    for (const name of [...this.#published.keys()].filter((known) => !services.has(known))) {
      this.#published.delete(name);
      this.#tell({ kind: "gone", atMs, name });
    }
    this.#keepPassed(moment);
    const names = new Set(isSampled ? services.keys() : [...moment.touched, ...this.#unready(), ...this.#passed.keys()]);
    // A dirty service has changed after it was read, so its reading could show a process as alive that has ended.
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
    // The snapshot shows a service that changed after it was read (a dirty service) as it was before its change, so readers
    // still need that change.
    for (const change of this.#told) if (!moment.dirty.has(change.name)) this.#heard.add(change);
    this.#whole = null;
    this.#alike = this.#alikeNow();
    this.#alerts = this.#deps.alerts();
    this.#atMs = moment.atMs;
    this.#host = moment.host;
    for (const observed of this.#deps.view.of(moment.services.keys(), moment, { shared: this.#alike.notices, isExact: true }))
      this.#published.set(observed.status.name, { observed, key: keyOf(observed, moment) });
  }

  /**
   * The active services that may become ready at any time, because no event reports that a service has opened its port.
   * Unhealthy services are left out: a probe reports when they are healthy again.
   */
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
    // A state that lasted only a moment is sent even if the service is now as it was before.
    const isNews = before?.key !== key || passed.some(({ state }) => state !== observed.status.state);
    if (isNews) this.#tell({ kind: "change", atMs: moment.atMs, observed, passed });
  }

  #tellAlike({ atMs }: Moment): void {
    const now = this.#alikeNow();
    if (Bun.deepEquals(now, this.#alike)) return;
    this.#alike = now;
    this.#tell({ kind: "notice", atMs, ...now });
  }

  #tellAlerts({ atMs }: Moment): void {
    const alerts = this.#deps.alerts();
    if (Bun.deepEquals(alerts, this.#alerts, true)) return;
    this.#alerts = alerts;
    this.#tell({ kind: "alert", atMs, alerts });
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

/** Two readings of a service have the same key if they differ only in figures, which change all the time. */
function keyOf({ status, unwell, served: _served, ...rest }: Observed, { services }: Moment): string {
  const {
    uptimeMs: _,
    cpuPercent: __,
    cpuTimeMs: ___,
    memoryBytes: ____,
    memorySource: _____,
    tasks: ______,
    requests: _______,
    ...lasting
  } = status;
  const known = services.get(status.name);
  return JSON.stringify([lasting, rest, unwell?.reason ?? null, known === undefined ? null : runOf(known)]);
}

function figuresOf({ status }: Observed) {
  const { name, uptimeMs, cpuPercent, cpuTimeMs, memoryBytes, memorySource, tasks, requests } = status;
  return { name, uptimeMs, cpuPercent, cpuTimeMs, memoryBytes, memorySource, tasks, requests };
}
