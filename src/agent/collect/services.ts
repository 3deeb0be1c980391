// Keeps the latest reading of every service. A service is read again after its spec changed or the backend reported a change.
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
  /** The monotonic clock. */
  monotonicMs: () => number;
  /** Called at once for each state change and each end for memory that the backend reports. */
  onChange: (change: Change) => void;
  /** Called when a service has changed and must be read again. */
  onDirty?: () => void;
};

export type RefreshOptions = { isExact?: boolean; only?: ReadonlySet<string> };

/** All services are read again after this time, in case the backend did not report a change. */
const lookAgainMs = 60_000;
/** Pause between two attempts to watch the backend while it reports no changes. */
const listenAgainMs = 10_000;
/**
 * A watch of the backend that ends sooner than this is renewed by the next turn and not at once, because it might end again
 * each time.
 */
const steadyMs = 1000;

export class Services {
  readonly #deps: ServicesDeps;
  readonly #known = new Map<string, Known>();
  readonly #dirty = new Set<string>();
  /**
   * Services that could be read only in part, for example because the sandbox of a new process is still being set up. The next
   * refresh reads them again.
   */
  readonly #partial = new Set<string>();
  #versions = new Map<string, string>();
  #specs = new Map<string, Spec>();
  /** Identifies the state of the directory of specs when it was read; null where the specs may have changed since then. */
  #stamp: string | null = null;
  #warnings: string[] = [];
  #watch: Watch | null = null;
  #allReadAtMs = Number.NEGATIVE_INFINITY;
  /** The latest refresh. The next refresh starts after this one has ended. */
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

  /** The services that were read again or removed since the last call. */
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

  /** One sentence for each spec that cannot be read. */
  get warnings(): string[] {
    return this.#warnings;
  }

  /** Services that the next refresh reads again. */
  get dirty(): ReadonlySet<string> {
    return this.#dirty;
  }

  /**
   * True where a service may have changed without a report: a spec was written or removed, or the backend reports no changes.
   */
  get isUntold(): boolean {
    return this.#watch === null || this.#deps.registry.stamp() !== this.#stamp || this.#stamp === null;
  }

  get isTold(): boolean {
    return this.#watch !== null;
  }

  /** A counter that grows whenever services are read or removed. */
  get changes(): number {
    return this.#changes;
  }

  /**
   * Reads the services that may have changed. The result is at least as new as the call; without `isExact` it includes only the
   * changes that the backend has reported so far. With `only`, other services are left to the next refresh. Throws where the
   * backend cannot be read; the next refresh tries again.
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
        if ((change.state !== null || change.outOfMemory !== undefined) && this.#known.has(change.name)) this.#deps.onChange(change);
      },
      () => {
        isLost = true;
        this.#lost();
        if (this.#deps.monotonicMs() - nowMs > steadyMs) this.#deps.onDirty?.();
      },
    );
    if (this.#isClosed || isLost) heard?.close();
    else this.#watch = heard;
    // Changes that happened without a watch were not reported, so all services have to be read again.
    this.#allReadAtMs = Number.NEGATIVE_INFINITY;
  }

  /** Ends the watch. The next refresh renews it at once, because the user manager may only have re-executed itself. */
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
    // No version is kept for a spec that cannot be read, so the next refresh reads that spec again.
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

/** Identifies the current run of a service by pid and start time; null while the service does not run. */
export function runOf({ reading, startTicks }: Known): string | null {
  return reading.mainPid === null || startTicks === null ? null : `${reading.mainPid}:${startTicks}`;
}
