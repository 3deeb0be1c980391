// One turn of the agent's loop: a moment is collected, and handed to each stage of the table.
import type { Backend } from "../backend/backend.ts";
import type { Notice } from "../backend/notice.ts";
import type { Paths } from "../base/paths.ts";
import type { HealthSettings } from "../config/health.ts";
import type { Keeping } from "../config/keeping.ts";
import type { Deps } from "../lifecycle/deps.ts";
import type { Storage } from "../storage/storage.ts";
import { Publisher } from "./act/publish.ts";
import { Recycler } from "./act/recycle.ts";
import { Store } from "./act/store.ts";
import { Collector, type WantedSamples } from "./collect/collect.ts";
import { Cost } from "./cost.ts";
import { AgentModel } from "./model.ts";
import type { Moment, Stage } from "./moment.ts";
import { SharedNotices } from "./shared-notices.ts";
import { troubleFrom, troublesOf } from "./troubles.ts";
import { View } from "./view.ts";

/** What the agent takes of a backend. */
export type Followed = Pick<
  Backend,
  "kind" | "strangers" | "watch" | "read" | "relayed" | "verify" | "limits" | "logNotices" | "runBeside" | "recycle"
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
/** Share of the interval that samples may use before the expensive figures are skipped. */
const shareOfInterval = 0.5;

export class Turns {
  readonly collector: Collector;
  readonly model: AgentModel;
  readonly cost = new Cost();
  readonly #options: TurnsOptions;
  readonly #publisher: Publisher;
  /** In this order. Each takes the moment, and calls nothing back. */
  readonly #stages: Record<string, Stage>;
  /** Called where something that readers wait for has changed. */
  #onNews = () => {};
  #dueMs: number;
  /** When readers were last shown a sample. */
  #shownMs = Number.NEGATIVE_INFINITY;

  constructor(options: TurnsOptions) {
    this.#options = options;
    const { deps, health, keeping, monotonicMs, paths, say, storage } = options;
    this.#dueMs = monotonicMs();
    const shared = new SharedNotices(deps.backend);
    this.collector = new Collector({
      ...deps,
      paths,
      health,
      monotonicMs,
      onTold: (change) => this.#publisher.told(change),
      onNews: () => {
        if (this.paceMs !== null) this.#onNews();
      },
      isRead: () => this.paceMs !== null,
    });
    const { services, sampler } = this.collector;
    const view = new View({ ...deps, sampler, intervalMs: keeping.intervalMs });
    this.#publisher = new Publisher({ view, shared, warnings: () => services.warnings });
    this.model = new AgentModel({ collector: this.collector, view, shared, publisher: this.#publisher });
    this.#stages = {
      publish: this.#publisher,
      recycle: new Recycler({ ...deps, say }),
      store: new Store(storage),
    };
  }

  /** Hears where a turn is wanted before the next one is due, because a reader waits for what it will find. */
  set onNews(listener: () => void) {
    this.#onNews = listener;
  }

  /** How often readers want samples; null where nobody reads. */
  get paceMs(): number | null {
    return this.#publisher.paceMs;
  }

  /** Returns what went wrong; the next one tries again. */
  async turn(): Promise<Notice[]> {
    const nowMs = this.#options.monotonicMs();
    if (nowMs < this.#dueMs) return this.#pass(this.#isToBeShown(nowMs) ? "shown" : "none", nowMs);
    if (this.cost.ticks > 0 && nowMs - this.#dueMs > turnMs) this.cost.lateTicks++;
    return this.cost.of(async () => {
      const troubles = await this.#pass("tick", nowMs);
      // What was missed is not made up for.
      const { intervalMs } = this.#options.keeping;
      this.#dueMs += intervalMs * (1 + Math.floor((nowMs - this.#dueMs) / intervalMs));
      return troubles;
    });
  }

  /** A turn between two others, for what has changed alone. Returns what went wrong. */
  news(): Promise<Notice[]> {
    return this.#pass("none", this.#options.monotonicMs());
  }

  async close(): Promise<void> {
    const { say } = this.#options;
    this.collector.services.close();
    const troubles = await troublesOf("store the last changes", async () => {
      for (const { what } of await this.#act(this.collector.known())) say(what);
    });
    for (const [name, stage] of Object.entries(this.#stages))
      troubles.push(...(await troublesOf(`end the stage "${name}"`, () => stage.close())));
    for (const { what } of troubles) say(what);
    this.model.close();
    this.collector.close();
  }

  async #pass(kind: WantedSamples["kind"], nowMs: number): Promise<Notice[]> {
    const { monotonicMs, keeping } = this.#options;
    let overran = false;
    const hasTime = () => {
      overran ||= monotonicMs() - nowMs > keeping.intervalMs * shareOfInterval;
      return !overran;
    };
    const troubles: Notice[] = [];
    let moment: Moment;
    try {
      moment = await this.collector.collect(kind === "none" ? { kind } : { kind, hasTime });
    } catch (error) {
      troubles.push(troubleFrom("read the services", error));
      // What the services are nobody can tell then: there is no sample, and the time counts as unknown.
      moment = this.collector.known();
    }
    if (kind === "tick" && overran) this.cost.overrunTicks++;
    if (moment.kind !== "none") this.#shownMs = nowMs;
    return [...troubles, ...(await this.#act(moment))];
  }

  /** A stage that fails hinders no other one. */
  async #act(moment: Moment): Promise<Notice[]> {
    const troubles: Notice[] = [];
    for (const [name, stage] of Object.entries(this.#stages))
      troubles.push(...(await troublesOf(`run the stage "${name}"`, () => stage.act(moment))));
    return troubles;
  }

  /** The loop comes a little early or late: half a turn makes no difference. */
  #isToBeShown(nowMs: number): boolean {
    const { paceMs } = this.#publisher;
    return paceMs !== null && nowMs - this.#shownMs > paceMs - turnMs / 2;
  }
}
