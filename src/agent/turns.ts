// What the agent does in one turn of its loop: follow changes, probe, and, when it is time, take a sample of everything.
import type { Change } from "../backend/backend.ts";
import { readProc } from "../base/proc.ts";
import { type Monitor, monitor as monitorOf, type Watched } from "../health/monitor.ts";
import type { AgentOptions } from "./agent.ts";
import { Cost } from "./cost.ts";
import { Recycler } from "./recycler.ts";
import { type Look, Sampler } from "./sampler.ts";
import { runOf, Services } from "./services.ts";

/** What storing a tick has used is given back, or memory would grow to several times of it. */
const collectEveryTicks = 4;
/** Of an interval: who runs longer leaves the dearer figures null. */
const shareOfInterval = 0.5;

export class Turns {
  readonly services: Services;
  readonly monitor: Monitor;
  readonly sampler = new Sampler();
  readonly cost = new Cost();
  readonly #options: AgentOptions;
  readonly #recycler: Recycler;
  readonly #changes: Change[] = [];
  #watched = -1;
  #dueMs = performance.now();

  constructor(options: AgentOptions) {
    this.#options = options;
    const { deps, health, say } = options;
    this.services = new Services({ ...deps, onChange: (change) => this.#changes.push(change) });
    this.monitor = monitorOf({
      settings: health,
      run: (spec, command, timeoutMs) => deps.backend.runBeside(spec, command, timeoutMs),
      onChange: (name) => this.#changes.push({ name, state: null, atMs: deps.now() }),
    });
    this.#recycler = new Recycler({ ...deps, say, monitor: this.monitor, get: (name) => this.services.get(name) });
  }

  async turn(): Promise<void> {
    const { services, monitor } = this;
    const nowMs = performance.now();
    const isDue = nowMs >= this.#dueMs;
    if (isDue || services.isDirty) await services.refresh();
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
    const { deps, keeping, storage } = this.#options;
    const { intervalMs } = keeping;
    // What was missed is not made up for.
    if (this.cost.ticks > 0 && nowMs - this.#dueMs > intervalMs) this.cost.lateTicks++;
    this.#dueMs = Math.max(this.#dueMs + intervalMs, nowMs + intervalMs / 2);
    let overran = false;
    const hasTime = () => {
      overran ||= performance.now() - nowMs > intervalMs * shareOfInterval;
      return !overran;
    };
    const samples = this.sampler.take(this.#looks(), performance.now(), hasTime);
    if (overran) this.cost.overrunTicks++;
    await storage.append({ atMs: deps.now(), samples });
    await storage.turn();
    if (this.cost.ticks % collectEveryTicks === 0) Bun.gc(true);
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
