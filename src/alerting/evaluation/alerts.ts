// The alerts of all subjects: takes the observations of each turn, and decides which events are told when. Does no input or
// output.
import { harmless } from "../../base/text.ts";
import { type AlertEvent, type AlertMessage, idOfFiring, maxText } from "../message.ts";
import { type AlertNow, hasGap, type Kept } from "./kept.ts";
import type { Observation } from "./observed.ts";
import { collected, emptyOutbox, type Outbox, posted, togetherMs } from "./outbox.ts";
import { type Condition, stepOf } from "./states.ts";

/** `nowMs` by the monotonic clock, which decides; `atMs` by the wall clock, which only labels. */
export type Clock = { nowMs: number; atMs: number };

/** An alert whose condition was unknown for this long ends: the figure or the check may never come back. */
const longestUnknownMs = 3_600_000;

/** Firings of rules and subjects that no longer exist are remembered too, so their number is bounded. */
const maxBegan = 10_000;

type Alert = Omit<AlertNow, "isSilenced" | "ackedBy"> & {
  /** When its present state began, by the monotonic clock. */
  phaseMs: number;
  isTold: boolean;
};

export type Telling = {
  cooldownMs: number;
  isSilenced: (subject: string) => boolean;
  isAcked: (id: string) => boolean;
  /** False while no message can be written: the events are collected, and wait. */
  canPost?: boolean;
};

export class Alerts {
  readonly #alerts = new Map<string, Alert>();
  /** When a firing of each rule on each subject was last told, by the monotonic clock. */
  readonly #toldMs = new Map<string, number>();
  /** What the id of the last firing of each rule on each subject was made from: the spool swallows an id that it has seen before. */
  readonly #began = new Map<string, string>();
  /** Since when the condition of an alert is unknown, by the monotonic clock. */
  readonly #unknownMs = new Map<string, number>();
  #outbox: Outbox = emptyOutbox;
  #waiting: AlertEvent[] = [];
  #version = 0;

  constructor(kept: Kept | null, { nowMs, atMs }: Clock) {
    if (kept === null) return;
    // A clock that was set back must not make an alert younger than it was when it was stored.
    const savedMs = nowMs - Math.max(0, atMs - kept.atMs);
    const isLost = hasGap(kept, atMs);
    for (const { phaseAgeMs, ...alert } of kept.alerts)
      this.#alerts.set(keyOf(alert), { ...alert, phaseMs: isLost && alert.state === "pending" ? nowMs : savedMs - phaseAgeMs });
    for (const { rule, subject, ageMs } of kept.told) this.#toldMs.set(keyOf({ rule, subject }), savedMs - ageMs);
    for (const { rule, subject, began } of kept.began) this.#began.set(keyOf({ rule, subject }), began);
    this.#outbox = { waiting: kept.waiting, untilMs: kept.leftMs === null ? null : savedMs + Math.min(kept.leftMs, togetherMs) };
  }

  /** A number that changes whenever anything changes that has to survive a restart. */
  get version(): number {
    return this.#version;
  }

  /** The subjects with an alert. */
  subjects(): Set<string> {
    return new Set(Array.from(this.#alerts.values(), ({ subject }) => subject));
  }

  observe(observations: Iterable<Observation>, clock: Clock): void {
    for (const observation of observations) this.#observe(observation, clock);
  }

  /** Drops all alerts and what waits to be told, because alerts are turned off. */
  forget(): void {
    const { waiting } = this.#outbox;
    if (this.#alerts.size === 0 && this.#toldMs.size === 0 && waiting.length === 0 && this.#waiting.length === 0) return;
    this.#alerts.clear();
    this.#toldMs.clear();
    this.#unknownMs.clear();
    this.#waiting = [];
    this.#outbox = { ...this.#outbox, waiting: [] };
    this.#version++;
  }

  /** Ends the alerts whose rule or subject no longer exists. */
  retire(exists: (alert: { rule: string; subject: string }) => boolean, clock: Clock): void {
    for (const [key, alert] of this.#alerts) if (!exists(alert)) this.#end(key, alert, clock);
  }

  /**
   * Returns the events that have to go out now, in groups that become one message each. A firing alert is held back while its
   * subject is silenced and until the cooldown of its last firing is over; a resolved one never is.
   */
  release({ cooldownMs, isSilenced, isAcked, canPost = true }: Telling, { nowMs, atMs }: Clock): AlertEvent[][] {
    for (const [key, atToldMs] of this.#toldMs) if (nowMs - atToldMs >= cooldownMs && !this.#alerts.has(key)) this.#toldMs.delete(key);
    for (const [key, alert] of this.#alerts) {
      if (alert.isTold || alert.state !== "firing" || isSilenced(alert.subject) || isAcked(alert.id)) continue;
      const lastMs = this.#toldMs.get(key);
      if (lastMs !== undefined && nowMs - lastMs < cooldownMs) continue;
      alert.isTold = true;
      this.#toldMs.set(key, nowMs);
      this.#waiting.push(eventOf(alert, "firing", atMs));
    }
    const events = this.#waiting.splice(0);
    const { outbox, due } = canPost ? posted(this.#outbox, events, nowMs) : { outbox: collected(this.#outbox, events), due: [] };
    if (events.length > 0 || due.length > 0) this.#version++;
    this.#outbox = outbox;
    return due;
  }

  /** The alerts that fire, that nobody was told of, and that are not acknowledged; and how long the cooldown still holds each. */
  held({ cooldownMs, isAcked }: Telling, { nowMs }: Clock): { subject: string; leftMs: number }[] {
    return Array.from(this.#alerts)
      .filter(([, { id, isTold, state }]) => state === "firing" && !isTold && !isAcked(id))
      .map(([key, { subject }]) => ({ subject, leftMs: Math.max(0, (this.#toldMs.get(key) ?? -Infinity) + cooldownMs - nowMs) }));
  }

  /** For events that could not be written: the next release returns them again. */
  putBack(events: readonly AlertEvent[]): void {
    this.#outbox = { ...this.#outbox, waiting: [...events, ...this.#outbox.waiting] };
    this.#version++;
  }

  /** The alerts that are pending or firing, the oldest first. */
  list(isSilenced: Telling["isSilenced"], ackedBy: (id: string) => string | null): AlertNow[] {
    return Array.from(this.#alerts.values(), ({ phaseMs: _, isTold: __, ...alert }) => ({
      ...alert,
      isSilenced: isSilenced(alert.subject),
      ackedBy: ackedBy(alert.id),
    })).sort((a, b) => a.sinceMs - b.sinceMs);
  }

  /** Everything that has to survive a restart. `untold`: events that were released and are not in the spool yet, so they are due at once. */
  kept({ nowMs, atMs }: Clock, untold: readonly AlertEvent[] = []): Omit<Kept, "version" | "restarts"> {
    const { waiting, untilMs } = this.#outbox;
    return {
      atMs,
      alerts: Array.from(this.#alerts.values(), ({ phaseMs, ...alert }) => ({ ...alert, phaseAgeMs: nowMs - phaseMs })),
      told: Array.from(this.#toldMs, ([key, atToldMs]) => ({ ...subjectOf(key), ageMs: nowMs - atToldMs })),
      began: Array.from(this.#began, ([key, began]) => ({ ...subjectOf(key), began })),
      waiting: [...untold, ...waiting, ...this.#waiting],
      leftMs: untilMs === null || untold.length > 0 ? null : Math.max(0, untilMs - nowMs),
    };
  }

  #observe(observation: Observation, clock: Clock): void {
    const { rule, subject, condition, forMs, clearForMs, sentence, severity, threshold, unit, value } = observation;
    const key = keyOf(observation);
    const before = this.#alerts.get(key);
    if (before !== undefined && this.#isLost(key, condition, clock)) {
      this.#end(key, { ...before, sentence: `its value has been unknown for an hour, so this alert ends: ${before.sentence}` }, clock);
      return;
    }
    const phase = before === undefined ? null : { state: before.state, sinceMs: before.phaseMs };
    const step = stepOf(phase, condition, { nowMs: clock.nowMs, forMs: condition === "breached" ? forMs : clearForMs });
    if (step.phase === null) {
      if (before !== undefined) this.#end(key, before, clock);
      return;
    }
    const { state, sinceMs: phaseMs } = step.phase;
    const figures = { value, severity, threshold, unit };
    const seen = condition === "breached" ? { ...figures, sentence: sentence() } : {};
    const begun = { rule, subject, id: "", sinceMs: observation.sinceMs ?? clock.atMs, firedMs: null, isTold: false };
    const made = before ?? { ...begun, ...figures, sentence: "" };
    const id = step.tell === "firing" ? this.#newId(key, observation.run ?? String(made.sinceMs), clock) : made.id;
    const firedMs = step.tell === "firing" ? clock.atMs : made.firedMs;
    this.#alerts.set(key, { ...made, ...seen, id, firedMs, state, phaseMs });
    if (before?.state !== state) this.#version++;
  }

  /** A run that fires a second time, for example after its rule was turned off and on, gets another id. */
  #newId(key: string, began: string, { atMs }: Clock): string {
    const { rule, subject } = subjectOf(key);
    const isNew = this.#began.get(key) !== began;
    // Set anew, so that the oldest firing is the first one in the map.
    this.#began.delete(key);
    this.#began.set(key, began);
    for (const oldest of this.#began.keys()) {
      if (this.#began.size <= maxBegan) break;
      this.#began.delete(oldest);
    }
    return idOfFiring(rule, subject, isNew ? began : `${began} ${atMs}`);
  }

  #isLost(key: string, condition: Condition, { nowMs }: Clock): boolean {
    if (condition !== "unknown") {
      this.#unknownMs.delete(key);
      return false;
    }
    const sinceMs = this.#unknownMs.get(key) ?? nowMs;
    this.#unknownMs.set(key, sinceMs);
    return nowMs - sinceMs >= longestUnknownMs;
  }

  #end(key: string, alert: Alert, { atMs }: Clock): void {
    this.#alerts.delete(key);
    this.#unknownMs.delete(key);
    this.#version++;
    if (alert.isTold) this.#waiting.push(eventOf(alert, "resolved", atMs));
  }
}

export function messageOf(events: AlertEvent[], host: string, atMs: number): AlertMessage {
  // Made from the events, so that the message that is written again after a crash has the same id.
  const id = idOfFiring("message", host, JSON.stringify(events.map(({ id: event, kind }) => [event, kind])));
  return { version: 1, id, host: bounded(harmless(host)), atMs, events };
}

function eventOf(alert: Alert, kind: AlertEvent["kind"], atMs: number): AlertEvent {
  const { id, rule, subject, severity, sinceMs, value, threshold, unit, sentence } = alert;
  return {
    ...{ id, kind, severity, atMs, sinceMs, value, threshold },
    rule: bounded(rule),
    subject: bounded(subject),
    unit: unit === null ? null : bounded(unit),
    sentence: bounded(sentence),
  };
}

/** A text that is too long would make the whole message unreadable, because the schema of a message refuses it. */
const bounded = (text: string): string => (text.length <= maxText ? text : `${text.slice(0, maxText - 1).toWellFormed()}…`);

const keyOf = ({ rule, subject }: { rule: string; subject: string }): string => `${subject} ${rule}`;

function subjectOf(key: string): { rule: string; subject: string } {
  const at = key.indexOf(" ");
  return { subject: key.slice(0, at), rule: key.slice(at + 1) };
}
