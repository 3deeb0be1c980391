// One turn of the agent: collects the state of the services (a `Moment`), and runs each stage on it.
import { hostname } from "node:os";
import { AlertsInForce } from "../alerting/config/in-force.ts";
import type { Backend } from "../backend/backend.ts";
import type { Notice } from "../backend/notice.ts";
import type { Paths } from "../base/paths.ts";
import type { HealthSettings } from "../config/health.ts";
import type { Keeping } from "../config/keeping.ts";
import type { Deps } from "../lifecycle/deps.ts";
import type { Storage } from "../storage/storage.ts";
import { Alerter } from "./act/alert.ts";
import { Lookouts } from "./act/lookouts.ts";
import { Publisher } from "./act/publish.ts";
import { Recycler } from "./act/recycle.ts";
import { Store } from "./act/store.ts";
import type { AlertChannels } from "./alert-channels.ts";
import { Collector, type WantedSamples } from "./collect/collect.ts";
import { Cost } from "./cost.ts";
import { SampleTimes } from "./due.ts";
import { AgentModel } from "./model.ts";
import type { Moment } from "./moment.ts";
import { SharedNotices } from "./shared-notices.ts";
import { Stages } from "./stages.ts";
import { troubleFrom, troublesOf } from "./troubles.ts";
import { View } from "./view.ts";

/** The part of a backend that the agent uses. */
export type Followed = Pick<
  Backend,
  | "kind"
  | "strangers"
  | "watch"
  | "read"
  | "relayed"
  | "verify"
  | "limits"
  | "logNotices"
  | "logs"
  | "runBeside"
  | "recycle"
  | "socketFolder"
>;

export type TurnsOptions = {
  deps: Pick<Deps, "registry" | "trail"> & {
    backend: Followed;
    /** The wall clock, which somebody may set: it only labels samples. */
    now: () => number;
  };
  /** The file systems of `home` and `state` are measured. */
  paths: Pick<Paths, "home" | "config" | "state">;
  keeping: Keeping;
  health: HealthSettings;
  storage: Storage;
  /** The monotonic clock, which rates are computed with. */
  monotonicMs: () => number;
  channels: Channels;
  /** Writes a sentence into the log of the agent. */
  say: (sentence: string) => void;
};

/** The channels of alerts. */
export type Channels = Pick<AlertChannels, "use" | "put" | "turned" | "notices">;

/** Share of the interval that samples may use before the expensive figures are skipped. */
const shareOfInterval = 0.5;

export class Turns {
  readonly collector: Collector;
  readonly model: AgentModel;
  readonly cost = new Cost();
  readonly #options: TurnsOptions;
  readonly #publisher: Publisher;
  readonly #alerter: Alerter;
  readonly #stages: Stages;
  readonly #times: SampleTimes;
  #onNews = () => {};

  constructor(options: TurnsOptions) {
    this.#options = options;
    const { deps, health, keeping, monotonicMs, paths, say, storage } = options;
    this.#times = new SampleTimes(keeping.intervalMs, monotonicMs());
    const shared = new SharedNotices(deps.backend);
    this.collector = new Collector({
      ...deps,
      paths,
      health,
      monotonicMs,
      onTold: (change) => {
        this.#publisher.told(change);
        // Without a reader most changes can wait for the next turn.
        if (this.#alerter.isUrgent(change)) this.#onNews();
      },
      onNews: () => {
        if (this.paceMs !== null) this.#onNews();
      },
      isRead: () => this.paceMs !== null,
      countedUntilMs: lastTickMs(storage),
    });
    const { services, sampler, requests } = this.collector;
    const view = new View({ ...deps, sampler, requests, intervalMs: keeping.intervalMs });
    const alerts = () => this.#alerter.latest;
    this.#alerter = new Alerter({
      state: paths.state,
      host: hostname(),
      registry: deps.registry,
      inForce: new AlertsInForce(paths),
      lookouts: new Lookouts({ ...deps, storage, say, home: paths.home, onMatch: () => this.#onNews() }),
      channels: options.channels,
      now: deps.now,
      monotonicMs,
    });
    this.#publisher = new Publisher({ view, shared, alerts, warnings: () => services.warnings });
    this.model = new AgentModel({ collector: this.collector, view, shared, alerts, publisher: this.#publisher });
    this.#stages = new Stages({
      alert: this.#alerter,
      publish: this.#publisher,
      recycle: new Recycler({ ...deps, say }),
      store: new Store(storage),
    });
  }

  /** Called if a turn is needed before the next one is due, because a reader waits for a change. */
  set onNews(listener: () => void) {
    this.#onNews = listener;
  }

  /** How often readers want samples; null where nobody reads. */
  get paceMs(): number | null {
    return this.#publisher.paceMs;
  }

  /** Returns the failures; the next turn tries again. */
  async turn(): Promise<Notice[]> {
    const troubles = await this.#turn();
    this.#options.channels.turned();
    return troubles;
  }

  async #turn(): Promise<Notice[]> {
    const nowMs = this.#options.monotonicMs();
    const kind = this.#times.dueAt(nowMs, this.paceMs);
    if (kind !== "tick") return this.#pass(kind, nowMs);
    if (this.cost.ticks > 0 && this.#times.isLate(nowMs)) this.cost.lateTicks++;
    return this.cost.of(async () => {
      const troubles = await this.#pass("tick", nowMs);
      this.#times.ticked(nowMs);
      return troubles;
    });
  }

  /** Runs an additional turn that reads only the services that have changed. Returns the failures. */
  news(): Promise<Notice[]> {
    return this.#pass("none", this.#options.monotonicMs());
  }

  async close(): Promise<void> {
    const { say } = this.#options;
    this.collector.services.close();
    const troubles = await troublesOf("store the last changes", async () => {
      for (const { what } of await this.#stages.act(this.collector.known())) say(what);
    });
    troubles.push(...(await this.#stages.close()));
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
      // In this case the state of the services is unknown: no sample is taken, and the time counts as unknown in the
      // availability.
      moment = this.collector.known();
    }
    if (kind === "tick" && overran) this.cost.overrunTicks++;
    if (moment.kind !== "none") this.#times.shown(nowMs);
    troubles.push(...(await this.#stages.act(moment)), ...this.#alerter.notices(), ...this.#options.channels.notices());
    return troubles;
  }
}

/** When the last stored samples were taken, by the wall clock; 0 where nothing is stored. */
async function lastTickMs(storage: Pick<Storage, "newest">): Promise<number> {
  try {
    return (await storage.newest(null))?.atMs ?? 0;
  } catch {
    // Where the storage cannot be read, none of the earlier requests is counted again.
    return Date.now();
  }
}
