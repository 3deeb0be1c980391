// Evaluates the rules of alerts after each turn, and passes what has to be told to the channels.

import type { AlertsInForce } from "../../alerting/config/in-force.ts";
import { Alerts } from "../../alerting/evaluation/alerts.ts";
import { decide, type Seen, type ServiceSeen } from "../../alerting/evaluation/decide.ts";
import { type AlertNow, readKept } from "../../alerting/evaluation/kept.ts";
import { Restarts } from "../../alerting/evaluation/restarts.ts";
import { QuietNow } from "../../alerting/evaluation/silences.ts";
import type { AlertEvent } from "../../alerting/message.ts";
import { hasChannel } from "../../alerting/spool/deliver.ts";
import { Teller } from "../../alerting/spool/tell.ts";
import type { Notice } from "../../backend/notice.ts";
import { hostName } from "../../metrics/subject.ts";
import type { Acting } from "../../service/acting.ts";
import type { Registry } from "../../service/registry.ts";
import { restartsOf } from "../../status/status.ts";
import type { AlertChannels } from "../alert-channels.ts";
import type { Known } from "../collect/services.ts";
import type { Moment, ReportedChange, Stage } from "../moment.ts";
import { factsOf, passedFailure, type ReportedState } from "./facts.ts";
import type { Lookouts } from "./lookouts.ts";

export type AlerterDeps = {
  /** The directory of the state. */
  state: string;
  host: string;
  registry: Pick<Registry, "acting">;
  inForce: AlertsInForce;
  lookouts: Lookouts;
  channels: Pick<AlertChannels, "use" | "put">;
  now: () => number;
  monotonicMs: () => number;
};

/** The longest time in which restarts can count, so that older ones are dropped. */
const longestRestartsMs = 31 * 86_400_000;

export class Alerter implements Stage {
  readonly #deps: AlerterDeps;
  readonly #quiet: QuietNow;
  readonly #alerts: Alerts;
  readonly #restarts: Restarts;
  /** The run of each service that the kernel ended last for its memory, and whether it was evaluated. */
  readonly #outOfMemory = new Map<string, { run: string; isNew: boolean }>();
  /** The last state of each service that the backend reported, by name. */
  readonly #reported = new Map<string, ReportedState>();
  /** When services failed that were not read since, by the wall clock. */
  readonly #failedMs = new Map<string, number>();
  #latest: AlertNow[] = [];
  readonly #teller: Teller;
  /** Nobody is told about the services that commands act on. */
  readonly #acting: Acting;

  constructor(deps: AlerterDeps) {
    this.#deps = deps;
    const clock = { nowMs: deps.monotonicMs(), atMs: deps.now() };
    const kept = readKept(deps.state);
    this.#quiet = new QuietNow(deps.state);
    this.#acting = deps.registry.acting();
    this.#alerts = new Alerts(kept, clock);
    this.#restarts = new Restarts(kept, clock);
    const { channels, host, state } = deps;
    this.#teller = new Teller({ alerts: this.#alerts, restarts: this.#restarts, state, host, put: (message) => channels.put(message) });
    deps.inForce.refresh();
  }

  /** The alerts that are pending or firing. */
  get latest(): AlertNow[] {
    return this.#latest;
  }

  /** True for a change that has to be evaluated at once, and not only in the next turn. */
  isUrgent({ name, state, outOfMemory }: ReportedChange): boolean {
    if (!this.#deps.inForce.config.enabled) return false;
    return state === "failed" || outOfMemory !== undefined || (state === null && this.#deps.inForce.rulesOf(name).events.length > 0);
  }

  notices(): Notice[] {
    const { inForce, lookouts } = this.#deps;
    return [...inForce.notices(), ...lookouts.notices()].map((what) => ({
      kind: "alerts",
      subject: "alerts.json",
      what,
      fix: "bs9 alert --list",
    }));
  }

  act(moment: Moment): void {
    const { channels, inForce, lookouts } = this.#deps;
    const clock = { nowMs: moment.uptimeMs, atMs: moment.atMs };
    const isChanged = inForce.refresh();
    const canTell = channels.use(inForce.config);
    this.#quiet.refresh();
    const by = { acting: this.#acting.look(), cooldownSeconds: inForce.config.cooldownSeconds, atMs: clock.atMs };
    // While the channels are opened again, or cannot be opened, what happens is collected, because it may be over soon.
    const hasChannels = canTell || hasChannel(inForce.config.channels);
    const telling = hasChannels ? { ...this.#quiet.telling(by), canPost: canTell } : null;
    this.#note(moment);
    const hasRestarted = this.#count(moment);
    const due: AlertEvent[][] = [];
    if (!inForce.config.enabled) {
      this.#alerts.forget();
      lookouts.rest();
    } else {
      if (moment.kind === "tick") lookouts.look(moment, inForce);
      due.push(...decide(this.#alerts, this.#seen(moment, isChanged), telling, clock));
    }
    try {
      this.#teller.tell(due, clock, hasRestarted);
    } finally {
      const isSilenced = (subject: string) => this.#quiet.isSilenced(subject, clock.atMs);
      this.#latest = this.#alerts.list(isSilenced, (id) => this.#quiet.ackedBy(id));
    }
  }

  async close(): Promise<void> {
    await this.#deps.lookouts.close();
    this.#teller.save({ nowMs: this.#deps.monotonicMs(), atMs: this.#deps.now() });
  }

  /** Returns true if a service has restarted. */
  #count({ kind, services, touched, outcomes, uptimeMs }: Moment): boolean {
    let hasRestarted = false;
    for (const name of kind === "tick" ? services.keys() : touched) {
      const known = services.get(name);
      const count = known === undefined ? null : restartsOf(known.reading, outcomes.get(name) ?? null);
      if (this.#restarts.count(name, count, uptimeMs)) hasRestarted = true;
    }
    if (kind === "tick") {
      this.#restarts.forget((name) => services.has(name));
      this.#restarts.trim(longestRestartsMs, uptimeMs);
    }
    return hasRestarted;
  }

  #note({ changes, services }: Moment): void {
    for (const { name, state, atMs, outOfMemory } of changes) {
      if (state !== null) this.#reported.set(name, { state, atMs });
      if (state === "failed") this.#failedMs.set(name, atMs);
      if (outOfMemory !== undefined && this.#outOfMemory.get(name)?.run !== outOfMemory.run)
        this.#outOfMemory.set(name, { run: outOfMemory.run, isNew: true });
    }
    for (const map of [this.#reported, this.#failedMs, this.#outOfMemory])
      for (const name of map.keys()) if (!services.has(name)) map.delete(name);
  }

  #seen(moment: Moment, isChanged: boolean): Seen {
    const { inForce, lookouts } = this.#deps;
    const isTick = moment.kind === "tick";
    const samples = new Map(isTick ? moment.samples.map((sample) => [sample.service, sample]) : []);
    const subjects = isTick ? moment.services.keys() : moment.touched.union(this.#alerts.subjects()).union(lookouts.matched());
    const services = Array.from(subjects).flatMap((name) => {
      const known = moment.services.get(name);
      return known === undefined ? [] : [this.#serviceSeen(known, moment, samples.get(name) ?? null)];
    });
    const rulesOf = (subject: string) => (moment.services.has(subject) ? inForce.rulesOf(subject) : null);
    const hostRules = inForce.rulesOfHost();
    return {
      services,
      host: { facts: { figures: isTick ? moment.host : null, ...lookouts.ofHost(hostRules, moment) }, rules: hostRules },
      existing: isTick || isChanged ? (subject) => (subject === hostName ? inForce.rulesOfHost() : rulesOf(subject)) : null,
    };
  }

  #serviceSeen(known: Known, moment: Moment, figures: Moment["samples"][number] | null): ServiceSeen {
    const { inForce, lookouts } = this.#deps;
    const { name } = known.spec;
    const rules = inForce.rulesOf(name);
    const outOfMemory = this.#outOfMemory.get(name);
    const facts = factsOf(known, moment, {
      rules,
      restartsMs: this.#restarts.of(name),
      looked: lookouts.ofService(known, rules, moment),
      outOfMemory: outOfMemory?.isNew === true ? outOfMemory.run : null,
      reported: this.#reported.get(name) ?? null,
      figures,
    });
    // A service that is still ending is evaluated when it has ended: then it is known whether it is started again.
    if (outOfMemory !== undefined && facts.state !== "deactivating") outOfMemory.isNew = false;
    const failedMs = moment.dirty.has(name) ? undefined : this.#failedMs.get(name);
    if (failedMs !== undefined) this.#failedMs.delete(name);
    return { facts, rules, passed: failedMs === undefined ? null : passedFailure(facts, known, failedMs) };
  }
}
