// The rules that are in force for a subject: those of alerts.json, the nearer one first, then the built-in ones. Pure.
import { hostName } from "../../metrics/subject.ts";
import type { AlertConfig, CustomRule, GlobalRules } from "../config/config.ts";
import type { severities } from "../message.ts";

export type AlertSeverity = (typeof severities)[number];

/** The rules that compare a figure, those on the host too. */
export const thresholdNames = ["cpu", "memory", "errorRate", "p95Ms", "uptime", "restarts", "hostMemory", "hostDisk"] as const;
export type ThresholdName = (typeof thresholdNames)[number];
/** The rules on events of a service, which are on unless they are turned off. */
export const eventNames = ["failed", "oom", "crashLoop", "health"] as const;
export type EventName = (typeof eventNames)[number];

export type Threshold = {
  name: ThresholdName;
  value: number;
  /** The value of `memory` is a size, not a percentage. */
  isBytes: boolean;
  withinMs: number;
  forMs: number;
  severity: AlertSeverity;
};
export type EventRule = { name: EventName; forMs: number; severity: AlertSeverity };
export type Custom = Omit<CustomRule, "for" | "severity"> & { forMs: number; severity: AlertSeverity };
export type RuleSet = { thresholds: Threshold[]; events: EventRule[]; custom: Custom[] };

const defaultForMs = 10_000;
const defaultWithinMs: Partial<Record<ThresholdName, number>> = { uptime: 86_400_000, restarts: 600_000 };

const hostRules = new Set<string>(["hostMemory", "hostDisk"]);

export function rulesOfService(config: AlertConfig, service: string): RuleSet {
  const given: GlobalRules = { ...config.rules, ...config.services[service] };
  return {
    thresholds: thresholdNames.filter((name) => !hostRules.has(name)).flatMap((name) => thresholdOf(name, given)),
    events: eventNames.flatMap((name) => eventOf(name, given)),
    custom: customOfService(config, service).map(customOf),
  };
}

/** A rule of the service replaces the one of all services that has the same name. */
function customOfService({ custom }: AlertConfig, service: string): CustomRule[] {
  const own = custom.filter((one) => one.service === service);
  const ownNames = new Set(own.map(({ name }) => name));
  return [...custom.filter((one) => one.service === undefined && !ownNames.has(one.name)), ...own];
}

export function rulesOfHost(config: AlertConfig): RuleSet {
  return {
    thresholds: thresholdNames.filter((name) => hostRules.has(name)).flatMap((name) => thresholdOf(name, config.rules)),
    events: [],
    custom: config.custom.filter((one) => one.service === hostName).map(customOf),
  };
}

/** The name of a rule in events: custom rules have names of their own, which must not meet those of bs9. */
export const customName = (name: string): string => `custom.${name}`;

function thresholdOf(name: ThresholdName, given: GlobalRules): Threshold[] {
  const rule = given[name];
  if (rule === undefined || rule === "off") return [];
  const isBytes = typeof rule.value === "object";
  const value = typeof rule.value === "object" ? rule.value.bytes : rule.value;
  const withinMs = ("within" in rule ? rule.within : undefined) ?? defaultWithinMs[name] ?? 0;
  return [
    { name, value, isBytes, withinMs, forMs: ("for" in rule ? rule.for : undefined) ?? defaultForMs, severity: rule.severity ?? "warning" },
  ];
}

function eventOf(name: EventName, given: GlobalRules): EventRule[] {
  const rule = given[name] ?? "on";
  if (rule === "off") return [];
  const { for: forMs = 0, severity = "critical" } = rule === "on" ? {} : rule;
  return [{ name, forMs, severity }];
}

function customOf({ for: forMs = defaultForMs, severity = "warning", ...rule }: CustomRule): Custom {
  return { ...rule, forMs, severity };
}

/** `name`: the one in events. */
export function hasRule({ thresholds, events, custom }: RuleSet, name: string): boolean {
  return [...thresholds, ...events].some((one) => one.name === name) || custom.some((one) => customName(one.name) === name);
}
