// Reads the state of all services at a stored step of the history. Steps near the last one are read with it, because a user
// who goes back in time goes on.
import type { AlertEvent } from "../alerting/message.ts";
import { hostName } from "../metrics/subject.ts";
import type { Point, StorageReader } from "../storage/storage.ts";
import type { MonitModel, PastMoment } from "./model.ts";
import { hostFigures, pastAlerts, pastService } from "./past-moment.ts";
import type { SourceDeps } from "./sources.ts";
import { stepAt, stepBegin } from "./update/time.ts";

/** The number of steps that are read at once, most of them before the step that was asked for. */
const before = 24;
const behind = 8;
/** With many services fewer steps are kept in memory. */
const maxPoints = 2400;

/** The steps from `fromMs` on that were complete when they were read, which is until `toMs`. */
type Window = { widthMs: number; fromMs: number; toMs: number; steps: Map<number, Map<string, Point>>; hosts: Map<number, Point> };

/** The steps in which the nearest stored moment is looked for, before it is looked for in steps of its own width. */
const coarseMs = 3_600_000;

type Known = Pick<MonitModel, "nowMs" | "steps" | "snapshot">;

export class Moments {
  readonly #storage: StorageReader;
  readonly #alertHistory: SourceDeps["alertHistory"];
  #window: Window | null = null;

  constructor({ storage, alertHistory }: Pick<SourceDeps, "storage" | "alertHistory">) {
    this.#storage = storage;
    this.#alertHistory = alertHistory;
  }

  /**
   * The moment at a time or, where nothing is stored of that time, the nearest one in a direction; null where there is none, or
   * for direction 0. The services of now tell what the history does not store.
   */
  async from(atMs: number, direction: -1 | 0 | 1, known: Known): Promise<PastMoment | null> {
    const exact = await this.#at(atMs, stepAt(atMs, known), known);
    if (exact !== null || direction === 0) return exact;
    const nearMs = await this.#near(atMs, direction, known);
    if (nearMs === null) return null;
    const widthMs = stepAt(nearMs, known);
    return this.#at(stepBegin(nearMs, widthMs), widthMs, known);
  }

  /** The time of the nearest stored step. The host has a sample in each tick, so that it says whether anything is stored. */
  async #near(atMs: number, direction: -1 | 1, { nowMs, steps }: Known): Promise<number | null> {
    const oldestMs = nowMs - Math.max(...steps.map(({ spanMs }) => spanMs));
    const range = direction === 1 ? { fromMs: atMs, toMs: nowMs } : { fromMs: oldestMs, toMs: atMs };
    const nearest = async ({ fromMs, toMs }: { fromMs: number; toMs: number }, stepMs: number) =>
      (await this.#storage.series(hostName, { fromMs, toMs }, stepMs)).at(direction === 1 ? 0 : -1)?.atMs ?? null;
    const hourMs = await nearest(range, coarseMs);
    if (hourMs === null) return null;
    const hour = { fromMs: Math.max(range.fromMs, hourMs), toMs: Math.min(range.toMs, hourMs + coarseMs) };
    return nearest(hour, stepAt(hourMs, { nowMs, steps }));
  }

  async #at(atMs: number, widthMs: number, { snapshot, nowMs }: Known): Promise<PastMoment | null> {
    const present = snapshot?.services ?? [];
    const window = this.#window;
    const isKnown = window !== null && window.widthMs === widthMs && atMs >= window.fromMs && atMs + widthMs <= window.toMs;
    const { steps, hosts } = isKnown ? window : await this.#read(atMs, widthMs, present.length, nowMs);
    const points = steps.get(atMs);
    const host = hosts.get(atMs);
    if (points === undefined && host === undefined) return null;
    const known = new Map(present.map((one) => [one.status.name, one]));
    const services = [...(points ?? [])].map(([name, point]) => pastService(name, point, known.get(name)));
    const alerts = pastAlerts(this.#alerts(), atMs + widthMs, snapshot?.alerts ?? []);
    return { atMs, widthMs, services, host: host === undefined ? null : hostFigures(host), alerts };
  }

  #alerts(): AlertEvent[] {
    try {
      return this.#alertHistory();
    } catch {
      // The events of the service say why the alerts cannot be read.
      return [];
    }
  }

  async #read(atMs: number, widthMs: number, services: number, nowMs: number): Promise<Window> {
    const share = Math.min(1, maxPoints / Math.max(1, services * (before + behind)));
    const [fromMs, toMs] = [atMs - Math.floor(before * share) * widthMs, atMs + (1 + Math.floor(behind * share)) * widthMs];
    const steps = new Map<number, Map<string, Point>>();
    for (const { service, ...point } of await this.#storage.moments({ fromMs, toMs }, widthMs)) {
      const step = stepBegin(point.atMs, widthMs);
      const points = steps.get(step) ?? new Map<string, Point>();
      points.set(service, point);
      steps.set(step, points);
    }
    const host = await this.#storage.series(hostName, { fromMs, toMs }, widthMs);
    const hosts = new Map(host.map((point) => [stepBegin(point.atMs, widthMs), point]));
    // A step that was not over when it was read is read again.
    this.#window = { widthMs, fromMs, toMs: Math.min(toMs, stepBegin(nowMs, widthMs)), steps, hosts };
    return this.#window;
  }
}
