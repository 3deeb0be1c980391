// Converts what the agent knows of services to the form that readers get.
import type { Backend, Foreign } from "../backend/backend.ts";
import type { Notice } from "../backend/notice.ts";
import { heldBy, listeners } from "../backend/sockets.ts";
import { bootedAtMs, msOfTicks } from "../base/proc.ts";
import type { Deps } from "../lifecycle/deps.ts";
import { pidsOf } from "../metrics/group.ts";
import { portOf } from "../service/spec.ts";
import { foreignNotice } from "../status/foreign.ts";
import { figuresSince } from "../status/live-figures.ts";
import type { Figures, Observed } from "../status/schema.ts";
import { nextStartMs, statusOf } from "../status/status.ts";
import { Ports } from "./collect/ports.ts";
import type { RequestsCollector } from "./collect/requests.ts";
import type { Sampler } from "./collect/samples.ts";
import type { Known } from "./collect/services.ts";
import type { Moment } from "./moment.ts";

export type ViewDeps = Pick<Deps, "registry" | "now"> & {
  backend: Pick<Backend, "kind" | "strangers">;
  sampler: Pick<Sampler, "latest">;
  requests: Pick<RequestsCollector, "latest">;
  /** The time between two ticks. */
  intervalMs: number;
};

/** A sample older than this many intervals is stale. */
const agesOfSample = 3;
/**
 * If the caller does not ask for exact values, the changes that others have made to the units are looked up only once in this
 * time.
 */
const foreignMs = 5000;

/**
 * For up to this many services the ports are looked up directly. For more, the ports of all services are looked up and cached.
 */
const fewServices = 8;

type From = Pick<Moment, "services" | "version" | "healthOf" | "outcomes">;
export type ViewOptions = { shared: Notice[]; isExact: boolean };

export class View {
  readonly #deps: ViewDeps;
  readonly #ports = new Ports();
  #found = { atMs: Number.NEGATIVE_INFINITY, version: -1, ports: new Map<string, number[] | null>() };
  #foreign: { atMs: number; changes: Foreign[] } = { atMs: Number.NEGATIVE_INFINITY, changes: [] };

  constructor(deps: ViewDeps) {
    this.#deps = deps;
  }

  /** Leaves out unknown names. `shared` are the notices that apply to all services. */
  of(names: Iterable<string>, moment: From, { shared, isExact }: ViewOptions): Observed[] {
    const { services, healthOf, outcomes } = moment;
    const known = [...names].flatMap((name) => services.get(name) ?? []);
    const ports = this.#portsFor(known, moment);
    const foreign = this.foreign(isExact);
    const bootedMs = bootedAtMs();
    return known.map((one): Observed => {
      const { spec, reading, startTicks } = one;
      const { health, reason, sinceMs } = healthOf(spec.name);
      const outcome = outcomes.get(spec.name) ?? null;
      const notices = [...shared, ...foreign.filter(({ name }) => name === spec.name).map(foreignNotice)];
      const startedMs = startTicks === null || bootedMs === null ? null : bootedMs + msOfTicks(startTicks);
      const nowMs = this.#deps.now();
      const status = statusOf(
        { ...one, outcome, ports: ports.get(spec.name) ?? null, startedMs, health, figures: this.#figures(one) },
        { backend: this.#deps.backend.kind, figuresFrom: "agent", notices, nowMs },
      );
      const told = this.#deps.requests.latest(one, agesOfSample * this.#deps.intervalMs);
      status.requests = told?.requests ?? null;
      const unwell =
        health === "unhealthy" ? { reason: reason ?? "the probe fails", sinceMs: nowMs - (performance.now() - sinceMs) } : null;
      return {
        status,
        wanted: reading.wanted,
        end: reading.end,
        nextStartMs: nextStartMs(spec, reading),
        outcome,
        unwell,
        served: told?.served ?? null,
      };
    });
  }

  /** The changes that others made to the units of bs9. */
  foreign(isExact: boolean): Foreign[] {
    const nowMs = performance.now();
    if (isExact || nowMs - this.#foreign.atMs > foreignMs) {
      const { backend, registry } = this.#deps;
      this.#foreign = { atMs: nowMs, changes: backend.strangers?.changes(registry.names()) ?? [] };
    }
    return this.#foreign.changes;
  }

  /**
   * Looks up the ports now if the spec of a service has a port, because it becomes ready when it opens that port. Otherwise the
   * result of the last interval is used.
   */
  #portsFor(asked: Known[], { services, version }: From): Map<string, number[] | null> {
    if (asked.length <= fewServices) return portsOf(asked);
    const nowMs = performance.now();
    const isAsked = asked.some(({ spec }) => portOf(spec) !== null);
    if (isAsked || nowMs - this.#found.atMs > this.#deps.intervalMs || this.#found.version !== version)
      this.#found = { atMs: nowMs, version, ports: this.#ports.now(services.values()) };
    return this.#found.ports;
  }

  /** The figures of the latest sample; for a run without a fresh sample, the figures that can be read now. */
  #figures(known: Known): Figures {
    const sample = this.#deps.sampler.latest(known, performance.now() - agesOfSample * this.#deps.intervalMs);
    if (sample === null || sample.cpuPercent === null) return figuresSince(known.reading);
    const { cpuPercent, cpuTimeMs, memoryBytes, memorySource, tasks } = sample;
    return { cpuPercent: Math.round(cpuPercent * 10) / 10, cpuTimeMs, memoryBytes, memorySource, tasks, requests: null };
  }
}

function portsOf(asked: Known[]): Map<string, number[] | null> {
  const all = asked.length === 0 ? [] : listeners();
  const held = (pids: number[]) =>
    heldBy(pids, all)
      .map(({ port }) => port)
      .sort((a, b) => a - b);
  return new Map(asked.map(({ spec, reading }) => [spec.name, reading.group === null ? null : held(pidsOf(reading.group))]));
}
