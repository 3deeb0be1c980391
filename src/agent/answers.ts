// What the agent answers a command: the status of services from what it knows, brought up to date for the question.
import { statSync } from "node:fs";
import type { Backend, Foreign } from "../backend/backend.ts";
import type { Notice } from "../backend/notice.ts";
import { bootedAtMs, msOfTicks } from "../base/proc.ts";
import type { Monitor } from "../health/monitor.ts";
import type { Self } from "../lifecycle/agent.ts";
import type { Deps } from "../lifecycle/deps.ts";
import { portOf } from "../service/spec.ts";
import { foreignNotice } from "../status/foreign.ts";
import { figuresSince } from "../status/live-figures.ts";
import type { Figures, Observed, Snapshot } from "../status/schema.ts";
import { nextStartMs, statusOf } from "../status/status.ts";
import { Ports } from "./ports.ts";
import type { Sampler } from "./sampler.ts";
import type { Known, Services } from "./services.ts";

export type AnswersDeps = Pick<Deps, "registry" | "now"> & {
  backend: Pick<Backend, "kind" | "strangers" | "logNotices">;
  services: Services;
  /** Has all of them be as they are now. */
  refresh: () => Promise<void>;
  sampler: Sampler;
  monitor: Pick<Monitor, "of">;
  /** Between two samples. */
  intervalMs: number;
};

/** Between two looks at what stands in the way of log lines, which take a process of their own. */
const noticesMs = 5000;
/** Older ones are waited for. */
const oldNoticesMs = 60_000;

/** In intervals: an older one is none of now. */
const agesOfSample = 3;

export class Answers {
  readonly #deps: AnswersDeps;
  readonly #ports = new Ports();
  #found = { atMs: Number.NEGATIVE_INFINITY, changes: -1, ports: new Map<string, number[] | null>() };
  #notices: { atMs: number; found: Notice[] } = { atMs: Number.NEGATIVE_INFINITY, found: [] };
  #looking: Promise<void> | null = null;

  constructor(deps: AnswersDeps) {
    this.#deps = deps;
  }

  async now(names: string[]): Promise<Snapshot> {
    const { backend, registry, services, now } = this.#deps;
    const [shared] = await Promise.all([this.#logNotices(), this.#deps.refresh()]);
    // Throw, so that the caller reads it itself.
    if (names.some((name) => services.get(name)?.reading.isStateAlone === true)) throw new Error("D-Bus is unavailable");
    const outcomes = registry.outcomes();
    const changes = backend.strangers?.changes(registry.names()) ?? [];
    const ports = this.#portsFor(names);
    const bootedMs = bootedAtMs();
    const observed = names.flatMap((name): Observed[] => {
      const known = services.get(name);
      if (known === undefined) return [];
      const foreign = changes.filter((one) => one.name === name);
      return [this.#observed(known, { foreign, shared, outcome: outcomes.get(name) ?? null, ports: ports.get(name) ?? null, bootedMs })];
    });
    const added = changes.filter(({ kind }) => kind === "added").map(foreignNotice);
    return { atMs: now(), services: observed, added, notices: shared, warnings: services.warnings, host: null };
  }

  /** Whether one listens on its port is looked at now; where nobody asks for one with a port, what was found in the last interval has to do. */
  #portsFor(names: string[]): Map<string, number[] | null> {
    const { services, intervalMs } = this.#deps;
    const isAsked = names.some((name) => {
      const known = services.get(name);
      return known !== undefined && portOf(known.spec) !== null;
    });
    const nowMs = performance.now();
    if (isAsked || nowMs - this.#found.atMs > intervalMs || this.#found.changes !== services.changes)
      this.#found = { atMs: nowMs, changes: services.changes, ports: this.#ports.now(services.all()) };
    return this.#found.ports;
  }

  #observed(
    known: Known,
    around: { foreign: Foreign[]; shared: Notice[]; outcome: Observed["outcome"]; ports: number[] | null; bootedMs: number | null },
  ): Observed {
    const { backend, monitor, now } = this.#deps;
    const { reading, startTicks } = known;
    const { foreign, shared, bootedMs, ...seen } = around;
    const { health, reason, sinceMs } = monitor.of(reading.name);
    const startedMs = startTicks === null || bootedMs === null ? null : bootedMs + msOfTicks(startTicks);
    const status = statusOf(
      { ...known, ...seen, startedMs, health, figures: this.#figures(known) },
      { backend: backend.kind, figuresFrom: "agent", notices: [...shared, ...foreign.map(foreignNotice)], nowMs: now() },
    );
    const unwell = health === "unhealthy" ? { reason: reason ?? "the probe fails", sinceMs: now() - (performance.now() - sinceMs) } : null;
    return {
      status,
      wanted: reading.wanted,
      end: reading.end,
      nextStartMs: nextStartMs(known.spec, reading),
      outcome: seen.outcome,
      unwell,
    };
  }

  /** Those of the last tick; of a run that none has seen yet, what can be told now. */
  #figures(known: Known): Figures {
    const sample = this.#deps.sampler.latest(known, performance.now() - agesOfSample * this.#deps.intervalMs);
    if (sample === null || sample.cpuPercent === null) return figuresSince(known.reading);
    const { cpuPercent, cpuTimeMs, memoryBytes, memorySource, tasks } = sample;
    return { cpuPercent: Math.round(cpuPercent * 10) / 10, cpuTimeMs, memoryBytes, memorySource, tasks };
  }

  async #logNotices(): Promise<Notice[]> {
    const ageMs = performance.now() - this.#notices.atMs;
    if (ageMs > noticesMs) this.#looking ??= this.#look();
    if (ageMs > oldNoticesMs) await this.#looking;
    return this.#notices.found;
  }

  async #look(): Promise<void> {
    try {
      const found = await this.#deps.backend.logNotices(null, AbortSignal.timeout(noticesMs));
      this.#notices = { atMs: performance.now(), found };
    } catch {
      // The next question tries again.
    } finally {
      this.#looking = null;
    }
  }
}

/** With what is still in the WAL; null where there is none. */
export function databaseBytes(path: string): Self["databaseBytes"] {
  const sizes = [path, `${path}-wal`].flatMap((file) => statSync(file, { throwIfNoEntry: false })?.size ?? []);
  return sizes.length === 0 ? null : sizes.reduce((sum, size) => sum + size, 0);
}
