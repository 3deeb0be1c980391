// Collects the `Moment` (the state of all services) of each turn: reads the services that changed, lets the health monitor
// probe them, and takes samples when they are due.
import type { Backend, Change } from "../../backend/backend.ts";
import type { Paths } from "../../base/paths.ts";
import type { HealthSettings } from "../../config/health.ts";
import type { Deps } from "../../lifecycle/deps.ts";
import { hostSampler } from "../../metrics/host.ts";
import type { HostSample, Sample } from "../../metrics/sample.ts";
import { restartsOf, stateAfterOutcome } from "../../status/status.ts";
import type { Moment, ReportedChange } from "../moment.ts";
import { HealthCollector } from "./health.ts";
import { RequestsCollector } from "./requests.ts";
import { Sampler } from "./samples.ts";
import { type RefreshOptions, Services } from "./services.ts";

export type CollectorDeps = Pick<Deps, "registry"> & {
  backend: Pick<Backend, "watch" | "read" | "verify" | "limits" | "runBeside" | "socketFolder">;
  /** The free space of the file systems of these directories is measured. */
  paths: Pick<Paths, "home" | "state">;
  health: HealthSettings;
  /** The wall clock. */
  now: () => number;
  monotonicMs: () => number;
  /** This function is called at once for each change that the backend reports. */
  onTold: (change: ReportedChange) => void;
  /** Called when something changed that the next turn has to collect. */
  onNews: () => void;
  /** True while a reader follows the services. */
  isRead: () => boolean;
  /** When an earlier agent took its last samples, by the wall clock. */
  countedUntilMs: Promise<number>;
};

/** Takes the samples of a turn. The expensive figures are read only while `hasTime` returns true. */
export type WantedSamples = { kind: "tick" | "shown"; hasTime: () => boolean } | { kind: "none" };

export class Collector {
  readonly services: Services;
  readonly sampler = new Sampler();
  readonly requests: RequestsCollector;
  readonly #host = hostSampler();
  readonly #deps: CollectorDeps;
  readonly #health: HealthCollector;
  #latestHost: HostSample | null = null;
  #changes: ReportedChange[] = [];
  /** Services whose health changed since the previous turn. */
  #judged = new Set<string>();

  constructor(deps: CollectorDeps) {
    this.#deps = deps;
    const { backend, registry, monotonicMs, onNews, now } = deps;
    this.services = new Services({ backend, registry, monotonicMs, onChange: (change) => this.#note(change), onDirty: onNews });
    this.requests = new RequestsCollector(deps);
    this.#health = new HealthCollector(this.services, (name) => backend.socketFolder(name), {
      settings: deps.health,
      run: (spec, command, timeoutMs) => backend.runBeside(spec, command, timeoutMs),
      onChange: (name) => {
        this.#judged.add(name);
        this.#note({ name, state: null, atMs: now() });
        onNews();
      },
    });
  }

  get monitor() {
    return this.#health.monitor;
  }

  /** Does what `refresh` of Services does, and then tells the health monitor which services run. */
  async refresh(options?: RefreshOptions): Promise<void> {
    await this.services.refresh(options);
    this.#health.watch();
  }

  /**
   * Throws where the services cannot be read; the caller then uses `known`, so that health probes go on. Each change is in
   * exactly one `Moment`.
   */
  async collect(wanted: WantedSamples): Promise<Moment> {
    if (wanted.kind === "tick") this.#health.lookForPorts();
    const { services } = this;
    const isDue = wanted.kind === "tick" || services.dirty.size > 0 || (this.#deps.isRead() && services.isUntold);
    if (isDue) await this.refresh({ isExact: false });
    return this.#moment(wanted);
  }

  /** Makes a `Moment` from the last readings, for when the services cannot be read. */
  known(): Moment {
    return this.#moment({ kind: "none" });
  }

  /** Makes a `Moment` to answer a request of a command. It leaves all changes to the next turn of the loop. */
  look(): Moment {
    const { now, monotonicMs, registry } = this.#deps;
    return {
      atMs: now(),
      uptimeMs: monotonicMs(),
      services: this.services.known,
      dirty: this.services.dirty,
      version: this.services.changes,
      healthOf: (name) => this.monitor.of(name),
      outcomes: registry.outcomes(),
      changes: [],
      touched: new Set(),
      samples: [],
      kind: "none",
      host: this.#latestHost,
    };
  }

  close(): void {
    this.services.close();
    this.#health.monitor.close();
    this.sampler.close();
    this.requests.close();
    this.#host.close();
  }

  #moment(wanted: WantedSamples): Moment {
    this.monitor.turn(performance.now());
    const known = this.look();
    const { kind } = wanted;
    const samples = kind === "none" ? [] : this.#samples(known.outcomes, { hasTime: wanted.hasTime, isTick: kind === "tick" });
    if (kind === "tick") this.requests.ask(this.services.all());
    const touched = this.services.takeTouched().union(this.#judged);
    this.#judged = new Set();
    if (kind !== "none") this.#latestHost = this.#hostSample(kind === "tick");
    return { ...known, changes: this.#changes.splice(0), touched, kind, samples, host: this.#latestHost };
  }

  #hostSample(isTick: boolean): HostSample {
    const projects = new Set(Array.from(this.services.all(), ({ spec }) => spec.root));
    return this.#host.take({ ...this.#deps.paths, projects: [...projects] }, this.#deps.monotonicMs(), isTick);
  }

  #samples(outcomes: Moment["outcomes"], { hasTime, isTick }: { hasTime: () => boolean; isTick: boolean }): Sample[] {
    const looks = Array.from(this.services.all(), (known) => {
      const { name, state } = known.reading;
      const { health, latencyMs } = this.monitor.of(name);
      const outcome = outcomes.get(name) ?? null;
      return {
        known,
        state: stateAfterOutcome(state, outcome),
        restarts: restartsOf(known.reading, outcome),
        health: { health, latencyMs },
        requests: this.requests.take(name, isTick),
      };
    });
    return this.sampler.take(looks, { readAtMs: this.#deps.monotonicMs(), hasTime, isTick });
  }

  #note(change: Change): void {
    const told = { ...change, health: this.monitor.of(change.name).health };
    this.#changes.push(told);
    this.#deps.onTold(told);
  }
}
