// Evaluates the rules of alerts after each turn, and passes what has to be told to the channels.

import type { AlertsInForce } from "../../alerting/config/in-force.ts";
import { Alerts, type Clock, messageOf } from "../../alerting/evaluation/alerts.ts";
import { type AlertNow, readKept, writeKept } from "../../alerting/evaluation/kept.ts";
import { type HostFacts, type Observation, observationsOf, observationsOfHost } from "../../alerting/evaluation/observation.ts";
import { Restarts } from "../../alerting/evaluation/restarts.ts";
import { QuietNow } from "../../alerting/evaluation/silences.ts";
import type { AlertEvent } from "../../alerting/message.ts";
import { hasRule } from "../../alerting/rules/rules.ts";
import { appendAlertHistory } from "../../alerting/spool/history.ts";
import type { Notice } from "../../backend/notice.ts";
import { runEach } from "../../base/steps.ts";
import { hostName } from "../../metrics/subject.ts";
import type { Registry } from "../../service/registry.ts";
import { restartsOf } from "../../status/status.ts";
import type { AlertChannels } from "../alert-channels.ts";
import type { Known } from "../collect/services.ts";
import type { Moment, ReportedChange, Stage } from "../moment.ts";
import { factsOf, passedFailure, type ReportedState } from "./facts.ts";
import type { Uptimes } from "./uptimes.ts";

export type AlerterDeps = {
  /** The directory of the state. */
  state: string;
  host: string;
  registry: Pick<Registry, "actingOn">;
  inForce: AlertsInForce;
  uptimes: Uptimes;
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
  #savedVersion = 0;
  #hasRestarted = false;
  /**
   * The services that commands act on, now or in the turn before: a service may have been read while a command acted on it that
   * has ended since.
   */
  #acting: ReadonlySet<string> = new Set();
  #actingBefore: ReadonlySet<string> = new Set();
  /** The channels can take messages now. */
  #canTell = false;
  #due: AlertEvent[][] = [];

  constructor(deps: AlerterDeps) {
    this.#deps = deps;
    const clock = { nowMs: deps.monotonicMs(), atMs: deps.now() };
    const kept = readKept(deps.state);
    this.#quiet = new QuietNow(deps.state);
    this.#alerts = new Alerts(kept, clock);
    this.#restarts = new Restarts(kept, clock);
    this.#savedVersion = this.#alerts.version;
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
    return this.#deps.inForce.notices().map((what) => ({ kind: "alerts", subject: "alerts.json", what, fix: "bs9 alert --list" }));
  }

  act(moment: Moment): void {
    const { channels, inForce, uptimes } = this.#deps;
    const clock = { nowMs: moment.uptimeMs, atMs: moment.atMs };
    const isChanged = inForce.refresh();
    this.#canTell = channels.use(inForce.config);
    this.#quiet.refresh();
    const acting = this.#deps.registry.actingOn();
    this.#acting = acting.union(this.#actingBefore);
    this.#actingBefore = acting;
    this.#note(moment);
    this.#count(moment);
    if (!inForce.config.enabled) this.#alerts.forget();
    else {
      if (moment.kind === "tick") uptimes.look(moment.services.keys(), (name) => inForce.rulesOf(name), moment.atMs);
      this.#evaluate(moment, clock);
      if (moment.kind === "tick" || isChanged) this.#alerts.retire((alert) => this.#exists(alert, moment), clock);
    }
    this.#tell(clock);
  }

  async close(): Promise<void> {
    await this.#deps.uptimes.close();
    this.#save({ nowMs: this.#deps.monotonicMs(), atMs: this.#deps.now() });
  }

  #count({ kind, services, touched, outcomes, uptimeMs }: Moment): void {
    for (const name of kind === "tick" ? services.keys() : touched) {
      const known = services.get(name);
      const count = known === undefined ? null : restartsOf(known.reading, outcomes.get(name) ?? null);
      if (this.#restarts.count(name, count, uptimeMs)) this.#hasRestarted = true;
    }
    if (kind === "tick") {
      this.#restarts.forget((name) => services.has(name));
      this.#restarts.trim(longestRestartsMs, uptimeMs);
    }
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

  #evaluate(moment: Moment, clock: Clock): void {
    const { inForce } = this.#deps;
    const isTick = moment.kind === "tick";
    const samples = new Map(isTick ? moment.samples.map((sample) => [sample.service, sample]) : []);
    const host: HostFacts = { figures: isTick ? moment.host : null };
    const subjects = isTick ? moment.services.keys() : moment.touched.union(this.#alerts.subjects());
    const observations: Observation[] = [];
    for (const name of subjects) {
      const known = moment.services.get(name);
      if (known !== undefined) observations.push(...this.#observe(known, moment, { clock, host, figures: samples.get(name) ?? null }));
    }
    this.#alerts.observe(observations, clock);
    this.#alerts.observe(observationsOfHost(host, inForce.rulesOfHost()), clock);
  }

  #observe(
    known: Known,
    moment: Moment,
    { clock, host, figures }: { clock: Clock; host: HostFacts; figures: Moment["samples"][number] | null },
  ): Observation[] {
    const { inForce, uptimes } = this.#deps;
    const { name } = known.spec;
    const rules = inForce.rulesOf(name);
    const outOfMemory = this.#outOfMemory.get(name);
    const facts = factsOf(known, moment, {
      rules,
      restartsMs: this.#restarts.of(name),
      uptimePercent: uptimes.of(name),
      outOfMemory: outOfMemory?.isNew === true ? outOfMemory.run : null,
      reported: this.#reported.get(name) ?? null,
      figures,
    });
    // A service that is still ending is evaluated when it has ended: then it is known whether it is started again.
    if (outOfMemory !== undefined && facts.state !== "deactivating") outOfMemory.isNew = false;
    const failedMs = moment.dirty.has(name) ? undefined : this.#failedMs.get(name);
    const passed = failedMs === undefined ? null : passedFailure(facts, known, failedMs);
    if (failedMs !== undefined) this.#failedMs.delete(name);
    if (passed !== null) {
      this.#alerts.observe(observationsOf(passed, rules, host, clock.nowMs), clock);
      this.#release(clock);
    }
    return observationsOf(facts, rules, host, clock.nowMs);
  }

  #release(clock: Clock): void {
    if (!this.#canTell) return;
    this.#saveIds(clock);
    const { config } = this.#deps.inForce;
    const acting = this.#acting;
    this.#due.push(
      ...this.#alerts.release(
        {
          cooldownMs: config.cooldownSeconds * 1000,
          isSilenced: (subject) => acting.has(subject) || this.#quiet.isSilenced(subject, clock.atMs),
          isAcked: (id) => this.#quiet.ackedBy(id) !== null,
        },
        clock,
      ),
    );
  }

  /** Writes the messages before the state that counts them as told: an agent that is killed in between tells it again, with the same ids. */
  #tell(clock: Clock): void {
    this.#release(clock);
    const told: AlertEvent[] = [];
    // On a full disk each of these steps can fail, and the next ones matter all the same.
    runEach([
      () => this.#put(told, clock),
      () => {
        if (told.length > 0) appendAlertHistory(this.#deps.state, told);
      },
      () => {
        if (this.#savedVersion !== this.#alerts.version || this.#hasRestarted) this.#save(clock);
      },
      () => {
        const isSilenced = (subject: string) => this.#quiet.isSilenced(subject, clock.atMs);
        this.#latest = this.#alerts.list(isSilenced, (id) => this.#quiet.ackedBy(id));
      },
    ]);
  }

  #put(told: AlertEvent[], { atMs }: Clock): void {
    for (let events = this.#due.shift(); events !== undefined; events = this.#due.shift()) {
      try {
        this.#deps.channels.put(messageOf(events, this.#deps.host, atMs));
        told.push(...events);
      } catch (error) {
        this.#alerts.putBack([...events, ...this.#due.splice(0).flat()]);
        throw error;
      }
    }
  }

  /** An id without a run comes from the clock: an agent that is killed before it counts the event as told must find that id again. */
  #saveIds(clock: Clock): void {
    if (this.#savedVersion === this.#alerts.version) return;
    try {
      this.#save(clock);
    } catch {
      // A full disk must not keep anybody from hearing of the alert. At worst an agent that is killed now tells it twice.
    }
  }

  #save(clock: Clock): void {
    writeKept(this.#deps.state, { ...this.#alerts.kept(clock), restarts: this.#restarts.kept(clock.nowMs) });
    this.#savedVersion = this.#alerts.version;
    this.#hasRestarted = false;
  }

  #exists({ rule, subject }: { rule: string; subject: string }, { services }: Moment): boolean {
    if (subject === hostName) return hasRule(this.#deps.inForce.rulesOfHost(), rule);
    return services.has(subject) && hasRule(this.#deps.inForce.rulesOf(subject), rule);
  }
}
