// The table of the rules on figures and of the rules on events. The schema of alerts.json, the options of `bs9 alert`, what is
// compared, the list of the rules and the sentences derive from it: a new rule is a new row, and where it is an event also the
// condition in evaluation/events.ts.
import { formatAge, formatBytes, formatSpan } from "../../base/quantities.ts";
import type { Unit } from "../../metrics/figures.ts";
import type { SubjectKind } from "../../metrics/subject.ts";
import type { severities } from "../message.ts";
import { countSince, type HostFacts, numberIn, type ServiceFacts, shareOf } from "./facts.ts";

export type AlertSeverity = (typeof severities)[number];

/** What a row is measured from: a service, or only the host. */
type Measured = { facts: ServiceFacts | null; host: HostFacts; isBytes: boolean; withinMs: number; nowMs: number };

type ThresholdRow = {
  name: string;
  on: SubjectKind;
  /** What the user may give as its value, see config.ts. */
  takes: "percent" | "percentOrSize" | "number" | "percentWithin" | "countWithin" | "time";
  unit: Unit;
  /** The value is the least that is good, and not the most. */
  isLeast?: true;
  /** It counts what happened and not a sample, so it is also evaluated between two samples, and has no `for`. */
  isCount?: true;
  /** The time in which a service is down counts. */
  countsDown?: true;
  forMs: number;
  /** The time over which it is counted, unless the user gives another one. */
  withinMs: number;
  /**
   * The share of the way from the threshold to 0 (to 100 for a least percentage, as far again for a least time) that a value has to come back before it counts as
   * good again.
   */
  hysteresis: number;
  severity: AlertSeverity;
  measure: (measured: Measured) => number | null;
  sentence: (value: string, subject: string, within: string) => string;
};

/** The last bound of the histogram of requests: a longer duration is not estimated. */
export const longestEstimateMs = 10_000;

const usual = { forMs: 10_000, withinMs: 0, hysteresis: 0.05, severity: "warning" } as const;
/** A prediction moves with every sample, so it has to come back further. */
const ahead = { ...usual, isLeast: true, hysteresis: 0.25 } as const;
const figure = (facts: ServiceFacts | null, name: string) => numberIn(facts?.figures ?? null, name);

// biome-ignore format: a table is read by its columns
const thresholds = [
  /** Percent of the CPU limit, or of one core for a service without a limit. */
  { ...usual, name: "cpu", on: "service", takes: "number", unit: "percent",
    measure: ({ facts }) => shareOf(figure(facts, "cpuPercent"), facts?.cpuLimitPercent ?? 100),
    sentence: (value, subject) => `the CPU usage of ${subject} is ${value}` },
  /** Percent of the memory limit (of the memory of the host for a service without a limit), or a size such as `512M`. */
  { ...usual, name: "memory", on: "service", takes: "percentOrSize", unit: "percent",
    measure: ({ facts, host, isBytes }) => isBytes ? figure(facts, "memoryBytes")
      : shareOf(figure(facts, "memoryBytes"), facts?.memoryLimitBytes ?? numberIn(host.figures, "memoryTotalBytes")),
    sentence: (value, subject) => `the memory usage of ${subject} is ${value}` },
  { ...usual, name: "errorRate", on: "service", takes: "percent", unit: "percent",
    measure: ({ facts }) => shareOf(figure(facts, "requestErrors"), figure(facts, "requests")),
    sentence: (value, subject) => `${value} of the requests to ${subject} failed` },
  { ...usual, name: "p95Ms", on: "service", takes: "number", unit: "ms",
    // Above the last bound of the histogram it cannot be estimated, but it is certainly too long for every limit below.
    measure: ({ facts }) => figure(facts, "requestP95Ms") ?? ((figure(facts, "requests") ?? 0) > 0 ? longestEstimateMs : null),
    sentence: (value, subject) => `the p95 latency of ${subject} is ${value}${value === formatSpan(longestEstimateMs) ? " or more" : ""}` },
  /** Least percentage of the time in which the service must have been up. */
  { ...usual, name: "uptime", on: "service", takes: "percentWithin", unit: "percent", isLeast: true, countsDown: true, withinMs: 86_400_000,
    measure: ({ facts }) => facts?.uptimePercent ?? null,
    sentence: (value, subject, within) => `${subject} was up for ${value} of the last ${within}` },
  /** Number of restarts within a time. */
  { ...usual, name: "restarts", on: "service", takes: "countWithin", unit: "count", isCount: true, forMs: 0, withinMs: 600_000,
    measure: ({ facts, nowMs, withinMs }) => countSince(facts?.restartsMs ?? [], nowMs - withinMs),
    sentence: (value, subject, within) => `${subject} restarted ${value} times within ${within}` },
  { ...usual, name: "hostMemory", on: "host", takes: "percent", unit: "percent",
    measure: ({ host }) => numberIn(host.figures, "memoryPercent"),
    sentence: (value) => `the host uses ${value} of its memory` },
  { ...usual, name: "hostDisk", on: "host", takes: "percent", unit: "percent",
    measure: ({ host }) => fullest(host),
    sentence: (value) => `the fullest disk of the host is ${value} full` },
  /** The time in which the memory of the service reaches its limit, if it goes on as it does. */
  { ...ahead, name: "memoryFull", on: "service", takes: "time", unit: "ms",
    measure: ({ facts }) => facts?.memoryFullMs ?? null,
    sentence: (value, subject) => `the memory of ${subject} reaches its limit in about ${value}, if it goes on growing as it does` },
  { ...ahead, name: "hostMemoryFull", on: "host", takes: "time", unit: "ms",
    measure: ({ host }) => host.memoryFullMs ?? null,
    sentence: (value) => `the memory of the host is full in about ${value}, if it goes on growing as it does` },
  { ...ahead, name: "hostDiskFull", on: "host", takes: "time", unit: "ms",
    measure: ({ host }) => host.diskFullMs ?? null,
    sentence: (value) => `a disk of the host is full in about ${value}, if it goes on growing as it does` },
] as const satisfies readonly ThresholdRow[];

type EventRow = {
  name: string;
  /** What a change of the rule is called in an answer of `bs9 alert`. */
  words: string;
  forMs: number;
  severity: AlertSeverity;
  /** It can be seen without an agent: neither samples nor a history are needed. */
  needsNoAgent?: true;
};

// biome-ignore format: a table is read by its columns
const events = [
  { name: "failed",    forMs: 0, severity: "critical", needsNoAgent: true, words: "alerts when the service has failed" },
  { name: "oom",       forMs: 0, severity: "critical", needsNoAgent: true, words: "alerts when the service was killed for its memory" },
  { name: "crashLoop", forMs: 0, severity: "critical",                     words: "alerts when the service crashes in a loop" },
  { name: "health",    forMs: 0, severity: "critical",                     words: "alerts when the service is unhealthy" },
] as const satisfies readonly EventRow[];

type Thresholds = (typeof thresholds)[number];
export type ThresholdName = Thresholds["name"];
export type EventName = (typeof events)[number]["name"];

/** What the user may give as the value of each rule on a figure. */
export type Takes<K extends SubjectKind> = { [R in Thresholds as R["on"] extends K ? R["name"] : never]: R["takes"] };

type Known<R extends { name: string }, N extends string> = Omit<R, "name"> & { name: N };

/** The rules that compare a figure. */
export const thresholdRows: readonly Known<ThresholdRow, ThresholdName>[] = thresholds;
/** The rules on events of a service, which are on unless they are turned off. */
export const eventRows: readonly Known<EventRow, EventName>[] = events;

const byName = Object.fromEntries(thresholdRows.map((row) => [row.name, row])) as Record<ThresholdName, (typeof thresholdRows)[number]>;

export const thresholdRow = (name: ThresholdName): (typeof thresholdRows)[number] => byName[name];

/** The size of the range in which a value is neither bad nor good again. */
export function marginOf(
  row: Pick<ThresholdRow, "hysteresis"> & Partial<Pick<ThresholdRow, "isLeast" | "unit">>,
  threshold: number,
): number {
  const isLeastShare = row.isLeast === true && row.unit === "percent";
  return Math.abs(isLeastShare ? 100 - threshold : threshold) * row.hysteresis;
}

function fullest({ figures }: HostFacts): number | null {
  const used = ["homeUsedPercent", "stateUsedPercent", "projectsUsedPercent"].flatMap((name) => numberIn(figures, name) ?? []);
  return used.length === 0 ? null : Math.max(...used);
}

/** A time from here on is written in minutes. */
const longMs = 60_000;

/** A threshold as the user has written it. */
export function limitText(value: number, unit: Unit): string {
  if (unit === "bytes") return formatBytes(value);
  if (unit === "ms" && value >= longMs) return formatAge(value);
  return unit === "percent" ? `${value} %` : unit === "ms" ? `${value} ms` : String(value);
}

export function figureText(value: number | null, unit: Unit | null): string {
  if (value === null) return "unknown";
  if (unit === "bytes") return formatBytes(value);
  if (unit === "ms") return value >= longMs ? formatAge(value) : formatSpan(value);
  const text = String(Math.round(value * 10) / 10);
  return unit === "percent" ? `${text} %` : text;
}
