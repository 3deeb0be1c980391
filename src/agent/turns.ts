// What the agent does in one turn of its loop: follow changes, probe, and, when it is time, take a sample of everything.
import type { Backend, Change } from "../backend/backend.ts";
import { readProc } from "../base/proc.ts";
import type { HealthSettings } from "../config/health.ts";
import type { Keeping } from "../config/keeping.ts";
import { type Monitor, monitor as monitorOf, type Watched } from "../health/monitor.ts";
import type { Deps } from "../lifecycle/deps.ts";
import type { Storage } from "../storage/storage.ts";
import { Cost } from "./cost.ts";
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
  keeping: Keeping;
  health: HealthSettings;
  storage: Storage;
  /** The clock that nobody sets, which rates are made with. */
  uptimeMs: () => number;
  /** For whoever reads the agent's log. */
  say: (sentence: string) => void;
};

/** What storing a tick has used is given back, or memory would grow to several times of it. */
const collectEveryTicks = 12;
/** Of an interval: who runs longer leaves the dearer figures null. */
const shareOfInterval = 0.5;

export class Turns {
  readonly services: Services;
  readonly monitor: Monitor;
  readonly sampler = new Sampler();
  readonly cost = new Cost();
  readonly #options: TurnsOptions;
  readonly #recycler: Recycler;
  readonly #changes: Change[] = [];
  #watched = -1;
  #dueMs: number;

  constructor(options: TurnsOptions) {
    this.#options = options;
    this.#dueMs = options.uptimeMs();
    const { deps, health, say } = options;
    this.services = new Services({ ...deps, onChange: (change) => this.#changes.push(change) });
    this.monitor = monitorOf({
      settings: health,
      run: (spec, command, timeoutMs) => deps.backend.runBeside(spec, command, timeoutMs),
      onChange: (name) => this.#changes.push({ name, state: null, atMs: deps.now() }),
    });
    this.#recycler = new Recycler({ ...deps, say, monitor: this.monitor, look: (name) => this.#look(name) });
  }

  async turn(): Promise<void> {
    const { services, monitor } = this;
    const nowMs = this.#options.uptimeMs();
    const isDue = nowMs >= this.#dueMs;
    if (isDue || services.isDirty) await services.refresh(false);
    if (services.changes !== this.#watched) {
      this.#watched = services.changes;
      monitor.watch(this.#running());
    }
    monitor.turn(performance.now());
    this.#recycler.turn(services.all(), nowMs);
    await this.#storeChanges();
    if (isDue) await this.cost.of(() => this.#tick(nowMs));
  }

  async close(): Promise<void> {
    await this.#storeChanges();
    this.monitor.close();
    this.services.close();
    this.sampler.close();
  }

  async #tick(nowMs: number): Promise<void> {
    const { deps, keeping, storage, uptimeMs } = this.#options;
    const { intervalMs } = keeping;
    // What was missed is not made up for.
    if (this.cost.ticks > 0 && nowMs - this.#dueMs > intervalMs) this.cost.lateTicks++;
    this.#dueMs = Math.max(this.#dueMs + intervalMs, nowMs + intervalMs / 2);
    let overran = false;
    const hasTime = () => {
      overran ||= uptimeMs() - nowMs > intervalMs * shareOfInterval;
      return !overran;
    };
    const samples = this.sampler.take(this.#looks(), uptimeMs(), hasTime);
    if (overran) this.cost.overrunTicks++;
    await storage.append({ atMs: deps.now(), samples });
    await storage.turn();
    if (this.cost.ticks % collectEveryTicks === 0) Bun.gc(true);
  }

  async #look(name: string): Promise<Known | undefined> {
    await this.services.refresh();
    return this.services.get(name);
  }

  /** The history says of a state what `status` says of it. */
  #looks(): Look[] {
    const outcomes = this.#options.deps.registry.outcomes();
    return Array.from(this.services.all(), (known) => {
      const { name, state } = known.reading;
      const { health, latencyMs } = this.monitor.of(name);
      return { known, state: state === "inactive" && outcomes.has(name) ? "failed" : state, health: { health, latencyMs } };
    });
  }

  async #storeChanges(): Promise<void> {
    const changes = this.#changes.splice(0).flatMap(({ name, state, atMs }) => {
      const known = this.services.get(name);
      if (known === undefined) return [];
      const { reading } = known;
      return [{ service: name, atMs, state: state ?? reading.state, health: this.monitor.of(name).health, restarts: reading.restarts }];
    });
    if (changes.length > 0) await this.#options.storage.observe(changes);
  }

  #running(): Watched[] {
    const bootedMs = performance.now() - Number(readProc("uptime")?.split(" ")[0] ?? 0) * 1000;
    return Array.from(this.services.all()).flatMap((known): Watched[] => {
      const { reading, spec, startTicks } = known;
      const run = runOf(known);
      if (reading.state !== "active" || run === null || startTicks === null) return [];
      return [{ spec, run, startedAtMs: bootedMs + startTicks * 10 }];
    });
  }
}
