// Reads the state of all services at a stored step of the history. Steps near the last one are read with it, because a user
// who goes back in time goes on.
import type { HostSample } from "../metrics/sample.ts";
import { hostName } from "../metrics/subject.ts";
import type { Observed } from "../status/schema.ts";
import type { Point, StorageReader } from "../storage/storage.ts";
import type { PastMoment } from "./model.ts";
import { stepBegin } from "./update/time.ts";

/** The number of steps that are read at once, most of them before the step that was asked for. */
const before = 24;
const behind = 8;
/** With many services fewer steps are kept in memory. */
const maxPoints = 8000;

type Window = { widthMs: number; fromMs: number; toMs: number; steps: Map<number, Map<string, Point>>; hosts: Map<number, Point> };

export class Moments {
  readonly #storage: StorageReader;
  #window: Window | null = null;

  constructor(storage: StorageReader) {
    this.#storage = storage;
  }

  /** Null where nothing is stored of this step. `present` are the services of now, for what the history does not store. */
  async at(atMs: number, widthMs: number, present: readonly Observed[]): Promise<PastMoment | null> {
    const window = this.#window;
    const isKnown = window !== null && window.widthMs === widthMs && atMs >= window.fromMs && atMs + widthMs <= window.toMs;
    const { steps, hosts } = isKnown ? window : await this.#read(atMs, widthMs, present.length);
    const points = steps.get(atMs);
    const host = hosts.get(atMs);
    if (points === undefined && host === undefined) return null;
    const known = new Map(present.map((one) => [one.status.name, one]));
    const services = [...(points ?? [])].map(([name, point]) => pastService(name, point, known.get(name)));
    return { atMs, widthMs, services, host: host === undefined ? null : hostFigures(host) };
  }

  async #read(atMs: number, widthMs: number, services: number): Promise<Window> {
    const share = Math.min(1, maxPoints / Math.max(1, services * (before + behind)));
    const [fromMs, toMs] = [atMs - Math.floor(before * share) * widthMs, atMs + (1 + Math.floor(behind * share)) * widthMs];
    const steps = new Map<number, Map<string, Point>>();
    for await (const { service, ...point } of this.#storage.rows({ fromMs, toMs }, null)) {
      const step = stepBegin(point.atMs, widthMs);
      const points = steps.get(step) ?? new Map<string, Point>();
      points.set(service, point);
      steps.set(step, points);
    }
    const host = await this.#storage.series(hostName, { fromMs, toMs }, widthMs);
    const hosts = new Map(host.map((point) => [stepBegin(point.atMs, widthMs), point]));
    this.#window = { widthMs, fromMs, toMs, steps, hosts };
    return this.#window;
  }
}

const hostFigures = (point: Point): Record<string, number | null> => point as Partial<HostSample> as Record<string, number | null>;

/** A service as it was: what the history stores, and of what never changes what is known now. */
function pastService(name: string, point: Point, now: Observed | undefined): Observed {
  const state = point.state ?? "unknown";
  const noLimits = { memoryBytes: null, cpuPercent: null, tasks: null, files: null };
  return {
    status: {
      name,
      state,
      ready: state === "active" && point.health !== "unhealthy",
      health: point.health === undefined || (point.health === "unknown" && now?.status.health == null) ? null : point.health,
      pid: null,
      instances: { want: 1, ready: state === "active" ? 1 : 0 },
      restarts: point.restarts ?? null,
      uptimeMs: null,
      cpuPercent: point.cpuPercent ?? null,
      cpuTimeMs: point.cpuTimeMs ?? null,
      memoryBytes: point.memoryBytes ?? null,
      memorySource: point.memorySource ?? null,
      tasks: point.tasks === undefined || point.tasks === null ? null : Math.round(point.tasks),
      limits: now?.status.limits ?? noLimits,
      port: null,
      requests: null,
      sandbox: "unknown",
      isolation: null,
      backend: now?.status.backend ?? "systemd",
      unit: now?.status.unit ?? `${name}.service`,
      figuresFrom: "agent",
      notices: [],
      reason: null,
    },
    wanted: state !== "inactive",
    end: null,
    nextStartMs: null,
    outcome: null,
    unwell: null,
    served: null,
  };
}
