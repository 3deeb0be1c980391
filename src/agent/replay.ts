// What the present rules would have told over the stored history, by the same evaluation as the agent's. State changes are stored
// exactly; figures as finely as the storage still keeps them.
import type { AlertConfig } from "../alerting/config/config.ts";
import { Alerts } from "../alerting/evaluation/alerts.ts";
import { decide } from "../alerting/evaluation/decide.ts";
import { Restarts } from "../alerting/evaluation/restarts.ts";
import type { AlertEvent } from "../alerting/message.ts";
import { type FiguresByName, type HostFacts, type ServiceFacts, unmeasured } from "../alerting/rules/facts.ts";
import { certificateName, customName, patternName, type RuleSet, rulesOfHost, rulesOfService } from "../alerting/rules/rules.ts";
import { thresholdRow } from "../alerting/rules/table.ts";
import { hostName } from "../metrics/subject.ts";
import type { Spec } from "../service/spec.ts";
import { availability } from "../storage/availability.ts";
import type { RetentionLevel } from "../storage/levels.ts";
import type { Range, SeenState, StorageReader, StorageRow } from "../storage/storage.ts";
import { type Forecast, forecastOf } from "./act/forecasts.ts";

export type ReplayDeps = {
  storage: Pick<StorageReader, "rows" | "watches" | "series">;
  config: AlertConfig;
  levels: readonly RetentionLevel[];
};

/** `beforeMs`: the rule cannot be decided up to this time; null: at no time. */
export type Undecidable = { subject: string; rule: string; beforeMs: number | null; why: string };
/** The samples from a time on that are stored at one step. */
export type StoredStep = { fromMs: number; stepMs: number };
export type Replayed = { events: AlertEvent[]; steps: StoredStep[]; undecidable: Undecidable[] };

/** Alerts that began before the range are not told again at its begin: the evaluation begins this much earlier. */
const leadMs = 3_600_000;
/** A rule on events may wait for this long after a change; the agent evaluates it in each tick. */
const settleMs = 120_000;
/** Between predictions, and between computations of the uptime: as the agent does, or fewer over a long range. */
const lookEveryMs = 60_000;
const mostLooks = 2000;
/** A service that systemd restarts is `failed` for less than this in between, which the agent does not see as a failure. */
const passingMs = 1000;

export async function replayed(subjects: readonly (Spec | typeof hostName)[], range: Range, deps: ReplayDeps): Promise<Replayed> {
  const parts: Replayed[] = [];
  for (const subject of subjects) parts.push(await replayedSubject(subject, range, deps));
  const steps = new Map<number, number>();
  for (const { fromMs, stepMs } of parts.flatMap((part) => part.steps))
    steps.set(stepMs, Math.min(fromMs, steps.get(stepMs) ?? Number.POSITIVE_INFINITY));
  return {
    events: parts.flatMap(({ events }) => events).sort((a, b) => a.atMs - b.atMs),
    steps: Array.from(steps, ([stepMs, fromMs]) => ({ stepMs, fromMs })).sort((a, b) => b.fromMs - a.fromMs),
    undecidable: parts.flatMap(({ undecidable }) => undecidable),
  };
}

type Turn = { atMs: number; seen: SeenState | null; row: StorageRow | null };

async function replayedSubject(subject: Spec | typeof hostName, range: Range, deps: ReplayDeps): Promise<Replayed> {
  const { config, levels, storage } = deps;
  const isHost = subject === hostName;
  const name = isHost ? hostName : subject.name;
  const rules = isHost ? rulesOfHost(config) : rulesOfService(config, name);
  const from = { fromMs: range.fromMs - leadMs, toMs: range.toMs };
  const rows: StorageRow[] = [];
  for await (const row of storage.rows(from, name)) rows.push(row);
  const intervalMs = levels[0]?.stepMs ?? 0;
  const stepOf = ({ samples }: StorageRow) =>
    samples === 1 ? intervalMs : (levels.find(({ stepMs }) => stepMs >= samples * intervalMs)?.stepMs ?? intervalMs);
  const uptimeMs = rules.thresholds.find((rule) => rule.name === "uptime")?.withinMs ?? 0;
  const watches = isHost ? [] : await storage.watches(name, { ...from, fromMs: from.fromMs - uptimeMs });
  const changes = watches.flatMap(({ seen }) => seen).filter((one, i, all) => !isPassing(one, all[i + 1], subject));
  const found = new Finder(subject, rules, range, deps);
  const clockOf = (atMs: number) => ({ nowMs: atMs, atMs });
  const alerts = new Alerts(null, clockOf(from.fromMs));
  const restarts = new Restarts(null, clockOf(from.fromMs));
  const telling = { cooldownMs: config.cooldownSeconds * 1000, isSilenced: () => false, isAcked: () => false };
  const told: AlertEvent[] = [];
  let present: SeenState | null = null;
  for (const { atMs, row, seen } of turnsOf(rows, changes, intervalMs, range.toMs)) {
    if (seen !== null) present = seen;
    const figures: FiguresByName | null = row;
    const decidable = row === null ? rules : rulesAt(rules, stepOf(row), intervalMs);
    const more = row === null ? unfound : await found.at(atMs, watches);
    const host: HostFacts = isHost ? { figures, ...more } : { figures: row === null ? null : await found.hostFigures() };
    if (present !== null && present.state !== null) restarts.count(name, present.restarts, atMs);
    const facts = isHost || present === null || present.state === null ? null : factsOf(subject, present, restarts.of(name), figures, more);
    const observed = facts === null ? [] : [{ facts, rules: decidable, passed: null }];
    const hostSeen = { facts: host, rules: isHost ? decidable : noRules };
    // The alerts of a service that was deleted end, as the agent ends them.
    const existing = present?.state === null ? () => null : null;
    told.push(...decide(alerts, { services: observed, host: hostSeen, existing }, telling, clockOf(atMs)).flat());
  }
  const nothing = { services: [], host: { facts: { figures: null }, rules: noRules }, existing: null };
  told.push(...decide(alerts, nothing, telling, clockOf(range.toMs + settleMs)).flat());
  const steps = new Map<number, number>();
  for (const row of rows.filter((one) => one.atMs + stepOf(one) > range.fromMs))
    if (!steps.has(stepOf(row))) steps.set(stepOf(row), Math.max(row.atMs, range.fromMs));
  const stored = Array.from(steps, ([stepMs, fromMs]) => ({ stepMs, fromMs }));
  return {
    events: told.filter(({ atMs }) => range.fromMs <= atMs && atMs <= range.toMs),
    steps: stored,
    undecidable: undecidableOf(name, rules, { rows, stepOf, intervalMs }).filter(
      ({ beforeMs }) => beforeMs === null || beforeMs > range.fromMs,
    ),
  };
}

const noRules: RuleSet = { thresholds: [], events: [], custom: [], certificates: [], patterns: [] };

function isPassing({ atMs, state }: SeenState, next: SeenState | undefined, subject: Spec | typeof hostName): boolean {
  if (state !== "failed" || next === undefined || subject === hostName) return false;
  return subject.restart.policy !== "no" && next.atMs - atMs < passingMs;
}

/** The changes and samples in order of time, and after each change the ticks in which the agent evaluated it. */
function turnsOf(rows: readonly StorageRow[], changes: readonly SeenState[], intervalMs: number, toMs: number): Turn[] {
  const turns: Turn[] = rows.map((row) => ({ atMs: row.atMs, seen: null, row }));
  for (const seen of changes) {
    turns.push({ atMs: seen.atMs, seen, row: null });
    const untilMs = Math.min(seen.atMs + settleMs, toMs);
    for (let atMs = seen.atMs + intervalMs; atMs <= untilMs; atMs += intervalMs) turns.push({ atMs, seen: null, row: null });
  }
  return turns.sort((a, b) => a.atMs - b.atMs);
}

/** A rule whose `for` is shorter than the step of the samples cannot be decided from them. */
function rulesAt(rules: RuleSet, stepMs: number, intervalMs: number): RuleSet {
  if (stepMs <= intervalMs) return rules;
  const isDecidable = ({ forMs }: { forMs: number }) => forMs >= stepMs;
  return {
    ...rules,
    thresholds: rules.thresholds.filter((rule) => thresholdRow(rule.name).isCount === true || isDecidable(rule)),
    custom: rules.custom.filter(isDecidable),
  };
}

type Kept = { rows: readonly StorageRow[]; stepOf: (row: StorageRow) => number; intervalMs: number };

function undecidableOf(subject: string, rules: RuleSet, { rows, stepOf, intervalMs }: Kept): Undecidable[] {
  const coarse = [...rules.thresholds, ...rules.custom.map((rule) => ({ ...rule, name: customName(rule.name) }))].flatMap((rule) => {
    const last = rows.findLastIndex((row) => !hasRuleAt(rulesAt(rules, stepOf(row), intervalMs), rule.name));
    const row = rows[last];
    if (row === undefined) return [];
    const why = "its for is shorter than the step at which samples are stored";
    return [{ subject, rule: rule.name, beforeMs: rows[last + 1]?.atMs ?? row.atMs + stepOf(row), why }];
  });
  const unstored = [
    ...rules.events.flatMap(({ name }) => (name === "oom" ? [[name, "ends for memory are not stored"]] : [])),
    ...rules.certificates.map(({ name }) => [certificateName(name), "earlier certificates are not stored"]),
    ...rules.patterns.map(({ name }) => [patternName(name), "lines are not searched again"]),
  ].map(([rule = "", why = ""]) => ({ subject, rule, beforeMs: null, why }));
  return [...coarse, ...unstored];
}

const hasRuleAt = ({ custom, thresholds }: RuleSet, name: string): boolean =>
  thresholds.some((one) => one.name === name) || custom.some((one) => customName(one.name) === name);

function factsOf(spec: Spec, seen: SeenState, restartsMs: readonly number[], figures: FiguresByName | null, more: Found): ServiceFacts {
  return {
    ...unmeasured,
    name: spec.name,
    state: seen.state ?? "inactive",
    health: seen.health,
    end: null,
    endedRun: seen.state === "failed" ? `stored ${seen.atMs}` : null,
    isOutOfMemory: false,
    changedMs: seen.atMs,
    restartsMs,
    memoryLimitBytes: spec.limits.memoryBytes,
    cpuLimitPercent: spec.limits.cpuPercent,
    uptimePercent: more.uptimePercent,
    memoryFullMs: more.memoryFullMs,
    figures,
  };
}

type Found = Forecast & { uptimePercent: number | null };
const unfound: Found = { memoryFullMs: null, diskFullMs: null, uptimePercent: null };

/** Finds what the agent looks at once a minute, at the times of the replay. */
class Finder {
  readonly #subject: Spec | typeof hostName;
  readonly #rules: RuleSet;
  readonly #deps: ReplayDeps;
  readonly #everyMs: number;
  readonly #range: Range;
  #latest = unfound;
  #atMs = Number.NEGATIVE_INFINITY;
  #host: FiguresByName | null = null;

  constructor(subject: Spec | typeof hostName, rules: RuleSet, range: Range, deps: ReplayDeps) {
    this.#subject = subject;
    this.#rules = rules;
    this.#deps = deps;
    this.#range = range;
    this.#everyMs = Math.max(lookEveryMs, (range.toMs - range.fromMs) / mostLooks);
  }

  async at(atMs: number, watches: Awaited<ReturnType<StorageReader["watches"]>>): Promise<Found> {
    if (atMs - this.#atMs < this.#everyMs) return this.#latest;
    this.#atMs = atMs;
    const name = this.#subject === hostName ? hostName : this.#subject.name;
    const memoryLimitBytes = this.#subject === hostName ? null : this.#subject.limits.memoryBytes;
    const forecast = await forecastOf(this.#deps.storage, { name, rules: this.#rules, memoryLimitBytes }, atMs);
    const uptime = this.#rules.thresholds.find((rule) => rule.name === "uptime");
    const range = uptime === undefined ? null : { fromMs: atMs - uptime.withinMs, toMs: atMs };
    const { uptimeRatio } = range === null ? { uptimeRatio: null } : availability(watches, range);
    this.#latest = { ...forecast, uptimePercent: uptimeRatio === null ? null : uptimeRatio * 100 };
    return this.#latest;
  }

  /** The memory of the host, which the memory of a service without a limit is compared with. */
  async hostFigures(): Promise<FiguresByName> {
    if (this.#host !== null) return this.#host;
    const { toMs } = this.#range;
    const points = await this.#deps.storage.series(hostName, { fromMs: toMs - 3_600_000, toMs }, 600_000);
    this.#host = { memoryTotalBytes: points.findLast(({ memoryTotalBytes }) => memoryTotalBytes != null)?.memoryTotalBytes ?? null };
    return this.#host;
  }
}
