// What the agent does in one turn of its loop: follow changes, probe, and, when it is time, take a sample of everything.
import { isDeepStrictEqual } from "node:util";
import type { Backend, Change } from "../backend/backend.ts";
import type { Notice } from "../backend/notice.ts";
import { heldIfShown, type Listener } from "../backend/sockets.ts";
import { reasonOf } from "../base/errors.ts";
import type { Paths } from "../base/paths.ts";
import { msOfTicks, uptimeOfMachineMs } from "../base/proc.ts";
import type { HealthSettings } from "../config/health.ts";
import type { Keeping } from "../config/keeping.ts";
import { type Monitor, monitor as monitorOf, type Watched } from "../health/monitor.ts";
import { probeOf } from "../health/probe.ts";
import type { Deps } from "../lifecycle/deps.ts";
import { pidsOf } from "../metrics/group.ts";
import { hostSampler } from "../metrics/host.ts";
import type { Sample } from "../metrics/sample.ts";
import { restartsOf, stateOf } from "../status/status.ts";
import type { Storage } from "../storage/storage.ts";
import { Cost } from "./cost.ts";
import { Ports } from "./ports.ts";
import { Recycler } from "./recycler.ts";
import { type Look, Sampler } from "./sampler.ts";
import { type Known, runOf, Services } from "./services.ts";

/** What the agent takes of a backend. */
export type Followed = Pick<
  Backend,
  "kind" | "strangers" | "watch" | "read" | "verify" | "limits" | "logNotices" | "runBeside" | "recycle"
>;

export type TurnsOptions = {
  deps: Pick<Deps, "registry" | "trail"> & {
    backend: Followed;
    /** The wall clock: it labels, and may be set either way. */
    now: () => number;
  };
  /** Whose file systems are looked at. */
  paths: Pick<Paths, "home" | "state">;
  keeping: Keeping;
  health: HealthSettings;
  storage: Storage;
  /** The clock that nobody sets, which rates are made with. */
  monotonicMs: () => number;
  /** For whoever reads the agent's log. */
  say: (sentence: string) => void;
};

/** The pace of the loop; a tick is every so many turns of it. */
export const turnMs = 1000;
/** What storing a tick has used is given back, or memory would grow to several times of it. */
const collectEveryTicks = 12;
/** Of an interval: who runs longer leaves the dearer figures null. */
const shareOfInterval = 0.5;
/** Told and not stored yet; more come together only where nothing can be stored. */
const maxChanges = 10_000;

export class Turns {
  readonly services: Services;
  readonly monitor: Monitor;
  readonly sampler = new Sampler();
  readonly #host = hostSampler();
  readonly cost = new Cost();
  readonly #options: TurnsOptions;
  readonly #recycler: Recycler;
  readonly #ports = new Ports();
  /** What each service without a check listens on. */
  #found = new Map<string, number[] | null>();
  #changes: (Change & Pick<Sample, "health">)[] = [];
  /** The number of changes of services that the monitor has heard of. */
  #heard = -1;
  #dueMs: number;

  constructor(options: TurnsOptions) {
    this.#options = options;
    const { deps, health, say, monotonicMs } = options;
    this.#dueMs = monotonicMs();
    this.services = new Services({ ...deps, monotonicMs, onChange: (change) => this.#note(change) });
    this.monitor = monitorOf({
      settings: health,
      run: (spec, command, timeoutMs) => deps.backend.runBeside(spec, command, timeoutMs),
      onChange: (name) => this.#note({ name, state: null, atMs: deps.now() }),
    });
    this.#recycler = new Recycler({ ...deps, say, monitor: this.monitor, look: (names) => this.#look(names) });
  }

  /** Also for who asks: one that has ended is not healthy, nor is a run that nobody has probed yet. */
  async refresh(isExact = true): Promise<void> {
    await this.services.refresh(isExact);
    this.#watch();
  }

  /** Returns what went wrong; the next one tries again. */
  async turn(): Promise<Notice[]> {
    const { monotonicMs } = this.#options;
    const nowMs = monotonicMs();
    const isDue = nowMs >= this.#dueMs;
    if (!isDue) return this.#follow(false);
    if (this.cost.ticks > 0 && nowMs - this.#dueMs > turnMs) this.cost.lateTicks++;
    return this.cost.of(async () => {
      const troubles = await this.#follow(true);
      // What the services are nobody can tell then: there is no sample, and the time counts as unknown.
      if (troubles.length === 0) await this.#tick(nowMs);
      // What was missed is not made up for.
      const { intervalMs } = this.#options.keeping;
      this.#dueMs += intervalMs * (1 + Math.floor((nowMs - this.#dueMs) / intervalMs));
      return troubles;
    });
  }

  async close(): Promise<void> {
    this.services.close();
    await this.#recycler.close();
    await this.#storeChanges();
    this.monitor.close();
    this.sampler.close();
    this.#host.close();
  }

  /** Where the backend cannot be read, what is known has to do: services are probed all the same. */
  async #follow(isDue: boolean): Promise<Notice[]> {
    const { services, monitor } = this;
    const troubles: Notice[] = [];
    try {
      if (isDue) this.#lookForPorts();
      if (isDue || services.isDirty) await this.refresh(false);
    } catch (error) {
      troubles.push({ kind: "agent", subject: "bs9-agent", what: `cannot read the services: ${reasonOf(error)}`, fix: null });
    }
    monitor.turn(performance.now());
    this.#recycler.turn(services.all(), this.#options.monotonicMs());
    await this.#storeChanges();
    return troubles;
  }

  async #tick(nowMs: number): Promise<void> {
    const { deps, keeping, paths, storage, monotonicMs } = this.#options;
    let overran = false;
    const hasTime = () => {
      overran ||= monotonicMs() - nowMs > keeping.intervalMs * shareOfInterval;
      return !overran;
    };
    const samples = this.sampler.take(this.#looks(), monotonicMs(), hasTime);
    if (overran) this.cost.overrunTicks++;
    const projects = new Set(Array.from(this.services.all(), ({ spec }) => spec.root));
    const host = this.#host.take({ ...paths, projects: [...projects] }, monotonicMs());
    await storage.append({ atMs: deps.now(), samples, host });
    await storage.turn();
    if (this.cost.ticks % collectEveryTicks === 0) Bun.gc(true);
  }

  async #look(names: string[]): Promise<Known[]> {
    await this.refresh();
    return names.flatMap((name) => this.services.get(name) ?? []);
  }

  /** A service without a check is probed on the one port that it listens on, which it may open at any time. */
  #lookForPorts(): void {
    const unchecked = Array.from(this.services.all()).filter(({ spec, reading }) => {
      return reading.state === "active" && probeOf(spec, null) === null;
    });
    const found = unchecked.length === 0 ? new Map<string, number[] | null>() : this.#ports.now(unchecked);
    if (isDeepStrictEqual(found, this.#found)) return;
    this.#found = found;
    this.#heard = -1;
  }

  #watch(): void {
    if (this.services.changes === this.#heard) return;
    this.#heard = this.services.changes;
    this.monitor.watch(this.#running());
  }

  /** With the health that it has in that moment: what comes next may end it. */
  #note(change: Change): void {
    this.#changes.push({ ...change, health: this.monitor.of(change.name).health });
  }

  #looks(): Look[] {
    const outcomes = this.#options.deps.registry.outcomes();
    return Array.from(this.services.all(), (known) => {
      const { name, state } = known.reading;
      const { health, latencyMs } = this.monitor.of(name);
      const outcome = outcomes.get(name) ?? null;
      return { known, state: stateOf(state, outcome), restarts: restartsOf(known.reading, outcome), health: { health, latencyMs } };
    });
  }

  /** The history says of a state what `status` says of it. */
  async #storeChanges(): Promise<void> {
    if (this.#changes.length === 0) return;
    const { deps, storage } = this.#options;
    const outcomes = deps.registry.outcomes();
    const changes = this.#changes.slice(-maxChanges).flatMap(({ name, state, atMs, health }) => {
      const reading = this.services.get(name)?.reading;
      if (reading === undefined) return [];
      const outcome = outcomes.get(name) ?? null;
      return [{ service: name, atMs, state: stateOf(state ?? reading.state, outcome), health, restarts: restartsOf(reading, outcome) }];
    });
    this.#changes = [];
    if (changes.length > 0) await storage.observe(changes);
  }

  #running(): Watched[] {
    const bootedMs = performance.now() - uptimeOfMachineMs();
    return Array.from(this.services.all()).flatMap((known): Watched[] => {
      const { reading, spec, startTicks } = known;
      const run = runOf(known);
      if (reading.state !== "active" || run === null || startTicks === null) return [];
      // Asked only where nobody answers on the loopback address.
      const heldAmong = (all: Listener[]) => heldIfShown(pidsOf(reading.group), all);
      const listens = this.#found.get(spec.name) ?? null;
      return [{ spec, run, startedAtMs: bootedMs + msOfTicks(startTicks), listens, heldAmong }];
    });
  }
}
