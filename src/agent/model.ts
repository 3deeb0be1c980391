// The Model (the state of the services and their changes) in the process of the agent: `bs9 run` uses it directly, other
// processes use it through the socket.
import type { AlertNow } from "../alerting/evaluation/kept.ts";
import { versionText } from "../backend/agent-socket.ts";
import { Backlog } from "../base/channel/backlog.ts";
import { Feed, type Line } from "../base/channel/feed.ts";
import { fastestPaceMs } from "../status/agent-protocol.ts";
import type { ModelEvent } from "../status/events.ts";
import { addedNotices } from "../status/foreign.ts";
import type { FollowOptions, Model } from "../status/model.ts";
import type { Snapshot } from "../status/schema.ts";
import type { Publisher } from "./act/publish.ts";
import type { Collector } from "./collect/collect.ts";
import type { Known } from "./collect/services.ts";
import type { Moment } from "./moment.ts";
import type { SharedNotices } from "./shared-notices.ts";
import type { View } from "./view.ts";

export type ModelDeps = {
  collector: Pick<Collector, "refresh" | "look" | "services">;
  view: View;
  shared: SharedNotices;
  publisher: Publisher;
  alerts: () => AlertNow[];
};

/** At most this many events wait for a reader in this process; a reader that falls further behind gets a snapshot instead. */
const maxWaiting = 1000;

export class AgentModel implements Model {
  readonly #deps: ModelDeps;
  readonly #closing = new AbortController();
  readonly #lines = new WeakMap<ModelEvent, Line>();

  constructor(deps: ModelDeps) {
    this.#deps = deps;
  }

  /**
   * Returns the present state of services. Throws if the agent could read only the state of one and no other values, so that
   * the caller reads the services itself.
   */
  async now(names: string[]): Promise<Snapshot> {
    const { alerts, collector, view, shared } = this.#deps;
    const { services } = collector;
    // Services that were stopped or deleted a moment ago can take 20 ms each, because systemd loads their units again.
    const [notices] = await Promise.all([shared.now(), collector.refresh({ only: new Set(names) })]);
    refuseStateAlone(names.flatMap((name) => services.get(name) ?? []));
    const moment = collector.look();
    const observed = view.of(names, moment, { shared: notices, isExact: true });
    const added = addedNotices(view.foreign(false));
    return { atMs: moment.atMs, services: observed, added, notices, warnings: services.warnings, alerts: alerts(), host: moment.host };
  }

  async *follow({ signal, paceMs }: FollowOptions): AsyncGenerator<ModelEvent> {
    const { publisher } = this.#deps;
    const moment = await this.#begin();
    const backlog = new Backlog<ModelEvent>({ whole: () => publisher.whole(), sizeOf: () => 1, maxSize: maxWaiting });
    let wake = () => {};
    const end = publisher.hear(
      {
        tell: (event) => {
          backlog.push(event);
          wake();
        },
        isBehind: () => backlog.isBehind,
      },
      Math.max(paceMs, fastestPaceMs),
      moment,
    );
    const ending = AbortSignal.any([signal, this.#closing.signal]);
    const abort = () => wake();
    ending.addEventListener("abort", abort, { once: true });
    try {
      while (!ending.aborted) {
        const event = backlog.next();
        if (event !== undefined) yield event;
        else
          await new Promise<void>((woken) => {
            wake = woken;
          });
      }
    } finally {
      ending.removeEventListener("abort", abort);
      end();
    }
  }

  /** The events for a reader in another process. Each event is serialized once for all readers. */
  async feed(paceMs: number): Promise<Feed> {
    const { publisher } = this.#deps;
    const moment = await this.#begin();
    return new Feed(
      { version: versionText },
      () => this.#lineOf(publisher.whole()),
      ({ tell, isBehind }) => {
        return publisher.hear({ tell: (event) => tell(this.#lineOf(event)), isBehind }, Math.max(paceMs, fastestPaceMs), moment);
      },
    );
  }

  /** Ends all readers in this process. */
  close(): void {
    this.#closing.abort();
  }

  /** Reads all services, so that a new reader starts with their current state. Throws in the cases in which `now` throws. */
  async #begin(): Promise<Moment> {
    const { collector, shared } = this.#deps;
    await Promise.all([shared.now(), collector.refresh()]);
    refuseStateAlone(collector.services.all());
    return collector.look();
  }

  #lineOf(event: ModelEvent): Line {
    const known = this.#lines.get(event);
    if (known !== undefined) return known;
    const line = Buffer.from(`${JSON.stringify(event)}\n`);
    this.#lines.set(event, line);
    return line;
  }
}

function refuseStateAlone(services: Iterable<Known>): void {
  for (const { reading } of services) if (reading.isStateAlone === true) throw new Error("D-Bus is unavailable");
}
