// What is known of every service: read once, and again where a spec has changed or the backend has told of a change.
import type { Backend, Change, Reading, Watch } from "../../backend/backend.ts";
import type { Isolation, Limits, SandboxVerdict } from "../../backend/verdict.ts";
import { reasonOf } from "../../base/errors.ts";
import { startTimeOf } from "../../base/proc.ts";
import type { Deps } from "../../lifecycle/deps.ts";
import type { Spec } from "../../service/spec.ts";
import { sandboxVerdictOf } from "../../status/verified.ts";

export type Known = {
  spec: Spec;
  reading: Reading;
  verdict: SandboxVerdict["verdict"];
  isolation: Isolation["verdict"] | null;
  limits: Limits;
  /** The start time of the main process in clock ticks since boot: with the pid it names the run. Null while there is none. */
  startTicks: number | null;
};

export type ServicesDeps = Pick<Deps, "registry"> & {
  backend: Pick<Backend, "watch" | "read" | "verify" | "limits">;
  /** The clock that nobody sets. */
  monotonicMs: () => number;
  /** Hears each change of state as it is told. */
  onChange: (change: Change) => void;
  /** Hears that a refresh will find something, before there is one. */
  onDirty?: () => void;
};

export type RefreshOptions = { isExact?: boolean; only?: ReadonlySet<string> };

/** Without it a change that was never told would stay unknown. */
const lookAgainMs = 60_000;
/** Where nobody tells, it is not asked for all the time. */
const listenAgainMs = 10_000;
/** A connection that breaks off within this time is looked for by the next turn: at once would be all the time. */
const steadyMs = 1000;

export class Services {
  readonly #deps: ServicesDeps;
  readonly #known = new Map<string, Known>();
  readonly #dirty = new Set<string>();
  /** Services of which a part could not be read, such as the sandbox of a process that is being set up. The next refresh reads them again. */
  readonly #partial = new Set<string>();
  #versions = new Map<string, string>();
  #specs = new Map<string, Spec>();
  /** Null: what was read may be older than the folder. */
  #stamp: string | null = null;
  #warnings: string[] = [];
  #watch: Watch | null = null;
  #allReadAtMs = Number.NEGATIVE_INFINITY;
  /** One refresh after the other. */
  #last: Promise<void> = Promise.resolve();
  #changes = 0;
  #touched = new Set<string>();
  #isClosed = false;
  #listenMs = Number.NEGATIVE_INFINITY;

  constructor(deps: ServicesDeps) {
    this.#deps = deps;
  }

  get(name: string): Known | undefined {
    return this.#known.get(name);
  }

  get known(): ReadonlyMap<string, Known> {
    return this.#known;
  }

  /** The services that were read anew, or went, since this was asked last. */
  takeTouched(): Set<string> {
    const touched = this.#touched;
    this.#touched = new Set();
    return touched;
  }

  all(): IterableIterator<Known> {
    return this.#known.values();
  }

  get size(): number {
    return this.#known.size;
  }

  /** Of specs that cannot be read. */
  get warnings(): string[] {
    return this.#warnings;
  }

  /** Services that are to be read anew. */
  get dirty(): ReadonlySet<string> {
    return this.#dirty;
  }

  /** True where a service may have changed that nobody tells of: a spec was written or removed, or the backend tells nothing. */
  get isUntold(): boolean {
    return this.#watch === null || this.#deps.registry.stamp() !== this.#stamp || this.#stamp === null;
  }

  get isTold(): boolean {
    return this.#watch !== null;
  }

  /** Another number where anything has changed since. */
  get changes(): number {
    return this.#changes;
  }

  /**
   * Reads again what may have changed. Afterwards the services are as they were when this was called, or later; without
   * `isExact`, as far as the backend has reported changes by now. With `only`, other services are left to the next refresh.
   * Throws where the backend cannot be read; the next refresh tries again.
   */
  refresh({ isExact = true, only }: RefreshOptions = {}): Promise<void> {
    const next = this.#last.then(() => this.#refresh(isExact, only));
    this.#last = next.catch(() => {});
    return next;
  }

  close(): void {
    this.#isClosed = true;
    this.#lost();
  }

  async #refresh(isExact: boolean, only: ReadonlySet<string> | undefined): Promise<void> {
    await this.#listen(isExact);
    this.#readSpecs();
    const nowMs = this.#deps.monotonicMs();
    if (this.#watch === null || nowMs - this.#allReadAtMs > lookAgainMs) {
      for (const name of this.#specs.keys()) this.#dirty.add(name);
      this.#allReadAtMs = nowMs;
    }
    for (const name of this.#partial) this.#dirty.add(name);
    const due = only === undefined ? [...this.#dirty] : [...this.#dirty].filter((name) => only.has(name));
    for (const name of due) this.#dirty.delete(name);
    const names = due.filter((name) => this.#specs.has(name));
    try {
      if (names.length > 0) await this.#read(names);
    } catch (error) {
      for (const name of names) this.#dirty.add(name);
      throw error;
    }
  }

  async #listen(isExact: boolean): Promise<void> {
    const watch = this.#watch;
    if (watch !== null && isExact) await watch.synced().catch(() => watch === this.#watch && this.#lost());
    const nowMs = this.#deps.monotonicMs();
    if (this.#watch !== null || this.#isClosed || nowMs < this.#listenMs) return;
    this.#listenMs = nowMs + listenAgainMs;
    let isLost = false;
    const heard = await this.#deps.backend.watch(
      (change) => {
        this.#dirty.add(change.name);
        if (this.#specs.has(change.name)) this.#deps.onDirty?.();
        if (change.state !== null && this.#known.has(change.name)) this.#deps.onChange(change);
      },
      () => {
        isLost = true;
        this.#lost();
        if (this.#deps.monotonicMs() - nowMs > steadyMs) this.#deps.onDirty?.();
      },
    );
    if (this.#isClosed || isLost) heard?.close();
    else this.#watch = heard;
    // What happened while nobody told.
    this.#allReadAtMs = Number.NEGATIVE_INFINITY;
  }

  /** One that was lost is looked for again at once: the user manager may just have started itself anew. */
  #lost(): void {
    this.#watch?.close();
    this.#watch = null;
    this.#listenMs = Number.NEGATIVE_INFINITY;
  }

  #readSpecs(): void {
    const { registry } = this.#deps;
    const stamp = registry.stamp();
    if (stamp !== null && stamp === this.#stamp) return;
    const versions = registry.versions();
    const changed = [...versions].filter(([name, version]) => this.#versions.get(name) !== version).map(([name]) => name);
    const { specs, broken } = registry.readable(changed);
    for (const name of this.#versions.keys()) if (!versions.has(name)) this.#forget(name);
    for (const { name } of broken) this.#forget(name);
    for (const spec of specs) {
      this.#specs.set(spec.name, spec);
      this.#dirty.add(spec.name);
    }
    this.#warnings = broken.map(({ error }) => reasonOf(error));
    // One that cannot be read is looked at again.
    for (const { name } of broken) versions.delete(name);
    this.#versions = versions;
    this.#stamp = broken.length === 0 ? stamp : null;
  }

  #forget(name: string): void {
    this.#specs.delete(name);
    this.#known.delete(name);
    this.#partial.delete(name);
    this.#touched.add(name);
    this.#changes++;
  }

  async #read(names: string[]): Promise<void> {
    const { backend } = this.#deps;
    const readings = await backend.read(names);
    await Promise.all(
      readings.map(async (reading) => {
        const spec = this.#specs.get(reading.name);
        if (spec === undefined) return;
        const { verdict, isolation: seen } = await sandboxVerdictOf(spec, reading, this.#deps);
        const isUnverified = verdict === "unknown" && reading.mainPid !== null;
        if (reading.isStateAlone === true || isUnverified) this.#partial.add(spec.name);
        else this.#partial.delete(spec.name);
        const isolation = seen?.verdict ?? null;
        const limits = backend.limits(spec, reading);
        const startTime = reading.mainPid === null ? null : startTimeOf(reading.mainPid);
        this.#touched.add(spec.name);
        this.#known.set(spec.name, {
          spec,
          reading,
          verdict,
          isolation,
          limits,
          startTicks: startTime === null ? null : Number(startTime),
        });
      }),
    );
    this.#changes++;
  }
}

/** The run that a figure belongs to; null while there is none. */
export function runOf({ reading, startTicks }: Known): string | null {
  return reading.mainPid === null || startTicks === null ? null : `${reading.mainPid}:${startTicks}`;
}
