// Compares what is known of a service or of the host with its rules. Pure: values in, conditions out.
import { formatAge, formatBytes, formatSpan } from "../../base/quantities.ts";
import { harmless } from "../../base/text.ts";
import { tableOf, type Unit } from "../../metrics/figures.ts";
import type { Health, State } from "../../metrics/sample.ts";
import { hostName, kindOf } from "../../metrics/subject.ts";
import { type AlertSeverity, type Custom, customName, type EventRule, type RuleSet, type Threshold } from "../rules/rules.ts";
import type { Condition } from "./states.ts";

export type Observation = {
  rule: string;
  subject: string;
  condition: Condition;
  forMs: number;
  /** How long the condition has to be false until the alert is resolved. */
  clearForMs: number;
  severity: AlertSeverity;
  value: number | null;
  threshold: number | null;
  unit: Unit | null;
  /** What identifies this firing beside its rule and subject; null: the time at which it began. */
  run: string | null;
  /** When the condition became true, by the wall clock; null: now. */
  sinceMs: number | null;
  /** Called only while the condition is true, because most conditions are false in each turn. */
  sentence: () => string;
};

/** Figures by name; a figure that could not be measured is null. */
export type FiguresByName = Readonly<Record<string, unknown>>;

export type ServiceFacts = {
  name: string;
  state: State;
  health: Health;
  healthReason: string | null;
  /** The service has a check of its health, or a port that is probed. */
  isChecked: boolean;
  /** How the last run ended, in words. */
  end: string | null;
  /** Identifies the run that ended last; null where that is unknown. */
  endedRun: string | null;
  isOutOfMemory: boolean;
  /** When the backend reported its present state, by the wall clock; null where that was before this turn. */
  changedMs: number | null;
  /** The times of its latest restarts, by the monotonic clock. */
  restartsMs: readonly number[];
  memoryLimitBytes: number | null;
  cpuLimitPercent: number | null;
  uptimePercent: number | null;
  /** The sample of this tick; null between ticks: then rules on figures are not evaluated. */
  figures: FiguresByName | null;
};

export type HostFacts = { figures: FiguresByName | null };

/** A value has to fall by this share of the threshold before it counts as good again. */
const hysteresis = 0.05;
/** A service that restarted this often in this time crashes in a loop; without a restart for the same time it no longer does. */
const loop = { restarts: 3, ms: 60_000 };
const quietMs = 60_000;

export function observationsOf(facts: ServiceFacts, rules: RuleSet, host: HostFacts, nowMs: number): Observation[] {
  const events = rules.events.map((rule) => eventOf(rule, facts, nowMs));
  const counted = rules.thresholds.filter(({ name }) => name === "restarts").map((rule) => restartsOf(rule, facts, nowMs));
  const { figures } = facts;
  if (figures === null) return [...events, ...counted];
  const measured = rules.thresholds
    .filter(({ name }) => name !== "restarts")
    .map((rule) => ({
      ...thresholdOf(rule, facts.name, figureOf(rule, facts, figures, host)),
      // The time in which a service is down counts against its uptime.
      ...(rule.name === "uptime" ? {} : whileDown(facts)),
    }));
  const custom = rules.custom.map((rule) => ({ ...customOf(rule, facts.name, figures), ...whileDown(facts) }));
  return [...events, ...counted, ...measured, ...custom];
}

export function observationsOfHost({ figures }: HostFacts, rules: RuleSet): Observation[] {
  if (figures === null) return [];
  const disks = ["homeUsedPercent", "stateUsedPercent", "projectsUsedPercent"].flatMap((name) => numberIn(figures, name) ?? []);
  const values: Partial<Record<string, number | null>> = {
    hostMemory: numberIn(figures, "memoryPercent"),
    hostDisk: disks.length === 0 ? null : Math.max(...disks),
  };
  return [
    ...rules.thresholds.map((rule) => thresholdOf(rule, hostName, values[rule.name] ?? null)),
    ...rules.custom.map((rule) => customOf(rule, hostName, figures)),
  ];
}

/** A service that does not run uses nothing; while it starts or ends, its figures say nothing yet. */
function whileDown({ state }: ServiceFacts): Partial<Observation> {
  if (state === "active") return {};
  return state === "inactive" || state === "failed" ? { condition: "clear", clearForMs: 0 } : { condition: "unknown" };
}

function figureOf({ name, isBytes }: Threshold, facts: ServiceFacts, figures: FiguresByName, host: HostFacts): number | null {
  switch (name) {
    case "cpu":
      return shareOf(numberIn(figures, "cpuPercent"), facts.cpuLimitPercent ?? 100);
    case "memory": {
      const bytes = numberIn(figures, "memoryBytes");
      return isBytes ? bytes : shareOf(bytes, facts.memoryLimitBytes ?? numberIn(host.figures ?? {}, "memoryTotalBytes"));
    }
    case "errorRate":
      return shareOf(numberIn(figures, "requestErrors"), numberIn(figures, "requests"));
    case "p95Ms":
      return numberIn(figures, "requestP95Ms");
    case "uptime":
      return facts.uptimePercent;
    case "restarts":
    case "hostMemory":
    case "hostDisk":
      return null;
  }
}

function shareOf(value: number | null, whole: number | null): number | null {
  return value === null || whole === null || whole <= 0 ? null : (value / whole) * 100;
}

function numberIn(figures: FiguresByName, name: string): number | null {
  const value = figures[name];
  return typeof value === "number" && Number.isFinite(value) ? value : null;
}

function thresholdOf(rule: Threshold, subject: string, value: number | null): Observation {
  const { name, isBytes, value: threshold, forMs, severity } = rule;
  const unit: Unit = isBytes ? "bytes" : name === "p95Ms" ? "ms" : "percent";
  const isLeast = name === "uptime";
  return {
    rule: name,
    subject,
    condition: compared(value, isLeast ? "<" : ">=", threshold, isLeast ? (100 - threshold) * hysteresis : threshold * hysteresis),
    forMs,
    clearForMs: forMs,
    severity,
    value,
    threshold,
    unit,
    run: null,
    sinceMs: null,
    sentence: () => `${thresholdWords[name](valueText(value, unit), subject, rule)}; the threshold is ${valueText(threshold, unit)}`,
  };
}

const thresholdWords: Record<Threshold["name"], (value: string, subject: string, rule: Threshold) => string> = {
  cpu: (value, subject) => `the CPU usage of ${subject} is ${value}`,
  memory: (value, subject) => `the memory usage of ${subject} is ${value}`,
  errorRate: (value, subject) => `${value} of the requests to ${subject} failed`,
  p95Ms: (value, subject) => `the p95 latency of ${subject} is ${value}`,
  uptime: (value, subject, { withinMs }) => `${subject} was up for ${value} of the last ${formatAge(withinMs)}`,
  restarts: (value, subject, { withinMs }) => `${subject} restarted ${value} times within ${formatAge(withinMs)}`,
  hostMemory: (value) => `the host uses ${value} of its memory`,
  hostDisk: (value) => `the fullest disk of the host is ${value} full`,
};

function restartsOf(rule: Threshold, { name: subject, restartsMs, state }: ServiceFacts, nowMs: number): Observation {
  const value = countSince(restartsMs, nowMs - rule.withinMs);
  const sentence = () => `${thresholdWords.restarts(String(value), subject, rule)}; the threshold is ${rule.value}`;
  const observed = thresholdOf(rule, subject, value);
  // Where the service was stopped, its restarts before that are over.
  const stopped = state === "inactive" ? { condition: "clear" as const, clearForMs: 0 } : {};
  return { ...observed, unit: "count", forMs: 0, clearForMs: 0, sentence, ...stopped };
}

function countSince(timesMs: readonly number[], sinceMs: number): number {
  return timesMs.filter((atMs) => atMs > sinceMs).length;
}

function customOf({ name, series, op, value: threshold, forMs, severity }: Custom, subject: string, figures: FiguresByName): Observation {
  const value = numberIn(figures, series);
  const unit = tableOf(kindOf(subject)).find((figure) => figure.name === series)?.unit ?? null;
  return {
    rule: customName(name),
    subject,
    condition: compared(value, op, threshold, Math.abs(threshold) * hysteresis),
    forMs,
    clearForMs: forMs,
    severity,
    value,
    threshold,
    unit,
    run: null,
    sinceMs: null,
    sentence: () =>
      `${series} of ${subject === hostName ? "the host" : subject} is ${valueText(value, unit)}; the rule ${name} fires at ${op} ${valueText(threshold, unit)}`,
  };
}

function compared(value: number | null, op: Custom["op"], threshold: number, margin: number): Condition {
  if (value === null) return "unknown";
  const isAbove = op === ">" || op === ">=";
  const over = isAbove ? value - threshold : threshold - value;
  if (over > 0 || (over === 0 && op.endsWith("="))) return "breached";
  return over <= -margin || margin === 0 ? "clear" : "between";
}

function valueText(value: number | null, unit: Unit | null): string {
  if (value === null) return "unknown";
  if (unit === "bytes") return formatBytes(value);
  if (unit === "ms") return formatSpan(value);
  const text = String(Math.round(value * 10) / 10);
  return unit === "percent" ? `${text} %` : text;
}

function eventOf(rule: EventRule, facts: ServiceFacts, nowMs: number): Observation {
  const { name, forMs, severity } = rule;
  const seen = seenBy[name](facts, nowMs);
  const rest = { severity, value: null, threshold: null, unit: null, run: null, sinceMs: null, clearForMs: 0 };
  return { rule: name, subject: facts.name, forMs, ...rest, ...seen };
}

type Seen = Pick<Observation, "condition" | "sentence"> & Partial<Pick<Observation, "clearForMs" | "run" | "sinceMs" | "value">>;

const seenBy: Record<EventRule["name"], (facts: ServiceFacts, nowMs: number) => Seen> = {
  failed({ name, state, end, endedRun, changedMs }) {
    const condition = state === "failed" ? "breached" : state === "active" || state === "inactive" ? "clear" : "unknown";
    return { condition, run: endedRun, sinceMs: changedMs, sentence: () => `${name} failed${reasonText(end)}` };
  },
  oom({ name, state, isOutOfMemory, endedRun }) {
    const sentence = () => `${name} was killed, because it needed more memory than it may use`;
    if (isOutOfMemory) return { condition: "breached", run: endedRun, sentence };
    if (state === "inactive") return { condition: "clear", sentence };
    return { condition: state === "active" ? "clear" : "unknown", clearForMs: quietMs, sentence };
  },
  crashLoop({ name, state, restartsMs, end }, nowMs) {
    const value = countSince(restartsMs, nowMs - loop.ms);
    const sentence = () => `${name} crashes in a loop: it restarted ${value} times within the last minute${reasonText(end)}`;
    if (state === "inactive") return { condition: "clear", value, sentence };
    if (value >= loop.restarts) return { condition: "breached", value, sentence };
    return { condition: state === "active" && value === 0 ? "clear" : "between", value, sentence };
  },
  health({ name, state, health, healthReason, isChecked }) {
    const sentence = () => `${name} is unhealthy${reasonText(healthReason)}`;
    if (state === "inactive") return { condition: "clear", sentence };
    if (state !== "active") return { condition: "unknown", sentence };
    // Without a check the only port that a service listens on is probed, and it may open one soon.
    if (health === "unknown") return isChecked ? { condition: "unknown", sentence } : { condition: "clear", clearForMs: quietMs, sentence };
    return { condition: health === "unhealthy" ? "breached" : "clear", sentence };
  },
};

const maxReason = 300;

/** A reason may hold what a service has written. */
function reasonText(reason: string | null): string {
  return reason === null ? "" : `: ${harmless(reason).slice(0, maxReason)}`;
}
