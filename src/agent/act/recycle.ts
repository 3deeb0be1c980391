// Restarts unhealthy services that have `--health-restart`: all services that are due are restarted together, and the next
// restarts begin only after these have ended.
import type { Backend } from "../../backend/backend.ts";
import { exitStatus, reasonOf } from "../../base/errors.ts";
import { startTimeOf } from "../../base/proc.ts";
import { lockRegistry } from "../../lifecycle/deps.ts";
import { type ActingDeps, append } from "../../lifecycle/recorded.ts";
import { type Known, runOf } from "../collect/services.ts";
import type { Moment, Stage } from "../moment.ts";

export type RecyclerDeps = Pick<ActingDeps, "registry" | "trail"> & {
  backend: Pick<Backend, "recycle" | "read">;
  say: (sentence: string) => void;
};

/**
 * A service that does not end, or whose restart failed, is restarted again after these times: retry with exponential backoff.
 */
const firstAgainMs = 10_000;
const lastAgainMs = 300_000;

type Asked = { run: string; againMs: number; nextMs: number };

export class Recycler implements Stage {
  readonly #deps: RecyclerDeps;
  /** The result of the latest turn, because a service may recover while the restart waits for the lock. */
  #moment: Moment | null = null;
  readonly #asked = new Map<string, Asked>();
  #work: Promise<void> | null = null;

  constructor(deps: RecyclerDeps) {
    this.#deps = deps;
  }

  /** Does not wait for the restarts, so that a slow service does not delay the turn. */
  act(moment: Moment): void {
    this.#moment = moment;
    if (this.#work !== null) return;
    const due: Known[] = [];
    const unwell = new Set<string>();
    for (const known of moment.services.values()) {
      if (!this.#isToEnd(known)) continue;
      unwell.add(known.spec.name);
      if (this.#isDue(known, moment.uptimeMs)) due.push(known);
    }
    for (const name of this.#asked.keys()) if (!unwell.has(name)) this.#asked.delete(name);
    if (due.length === 0) return;
    this.#work = this.#recycle(due).finally(() => {
      this.#work = null;
    });
  }

  /** Resolves when the restarts that have begun have ended. */
  async close(): Promise<void> {
    await this.#work;
  }

  #isToEnd({ spec, reading }: Known): boolean {
    return spec.healthRestart && reading.state === "active" && this.#moment?.healthOf(spec.name).health === "unhealthy";
  }

  #isDue(known: Known, nowMs: number): boolean {
    const run = runOf(known);
    const { name } = known.spec;
    const asked = this.#asked.get(name);
    if (run === null || (asked?.run === run && nowMs < asked.nextMs)) return false;
    const againMs = asked?.run === run ? Math.min(asked.againMs * 2, lastAgainMs) : firstAgainMs;
    this.#asked.set(name, { run, againMs, nextMs: nowMs + againMs });
    return true;
  }

  async #recycle(due: Known[]): Promise<void> {
    const { registry, say } = this.#deps;
    const names = due.map(({ spec }) => spec.name);
    try {
      using _lock = await lockRegistry({ registry, progress: () => {} }, `restart ${names.join(" ")}`);
      for (const known of await this.#stillDue(due)) await this.#one(known);
    } catch (error) {
      say(`cannot restart ${names.join(", ")}: ${reasonOf(error)}`);
    }
  }

  /** Checks again under the lock, because the command that held it before may have restarted, changed or deleted a service. */
  async #stillDue(due: Known[]): Promise<Known[]> {
    const { backend, registry } = this.#deps;
    const names = due.map(({ spec }) => spec.name);
    const specs = new Map(registry.readable(names).specs.map((spec) => [spec.name, spec]));
    const readings = new Map((await backend.read(names)).map((reading) => [reading.name, reading]));
    return due.flatMap((known) => {
      const { name } = known.spec;
      const [spec, reading] = [specs.get(name), readings.get(name)];
      if (spec === undefined || reading === undefined || !this.#isToEnd({ ...known, spec, reading })) return [];
      const startTime = reading.mainPid === null ? null : startTimeOf(reading.mainPid);
      return `${reading.mainPid}:${startTime}` === runOf(known) ? [{ ...known, spec, reading }] : [];
    });
  }

  async #one({ spec }: Known): Promise<void> {
    const { backend, say, trail } = this.#deps;
    const reason = this.#moment?.healthOf(spec.name).reason ?? "its probe fails";
    const why = `it is unhealthy: ${reason}`;
    const trouble = await backend.recycle(spec, reason).then(
      () => null,
      (error: unknown) => reasonOf(error),
    );
    say(trouble === null ? `${spec.name} is being restarted: ${why}` : `cannot restart ${spec.name}: ${trouble} (${why})`);
    const ending = {
      message: trouble ?? why,
      failed: trouble === null ? [] : [spec.name],
      exitStatus: trouble === null ? exitStatus.done : exitStatus.failed,
    };
    await append({ trail, warn: say }, { act: "restart", targets: [spec.name], differences: [] }, ending);
  }
}
