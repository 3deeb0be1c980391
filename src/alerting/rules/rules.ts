// The rules that are in force for a subject: those of alerts.json, the nearer one first, then the built-in ones. Pure.
import { formatAge } from "../../base/quantities.ts";
import { hostName, type SubjectKind } from "../../metrics/subject.ts";
import type { AlertConfig, GlobalRules } from "../config/config.ts";
import type { CertificateConfig, CustomRule, PatternConfig } from "../config/own-rules.ts";
import { type AlertSeverity, type EventName, eventRows, limitText, type ThresholdName, thresholdRow, thresholdRows } from "./table.ts";

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
/** `forMs`: null where the user has given no `for`. */
export type CertificateRule = Omit<CertificateConfig, "for" | "severity"> & { forMs: number | null; severity: AlertSeverity };
export type PatternRule = Omit<PatternConfig, "severity"> & { severity: AlertSeverity };
export type RuleSet = {
  thresholds: Threshold[];
  events: EventRule[];
  custom: Custom[];
  certificates: CertificateRule[];
  patterns: PatternRule[];
};

const customForMs = 10_000;

export function rulesOfService(config: AlertConfig, service: string): RuleSet {
  const given: GlobalRules = { ...config.rules, ...config.services[service] };
  return {
    thresholds: thresholdsOn("service", given),
    events: eventRows.flatMap((row) => eventOf(row, given)),
    custom: ofService(config.custom, service).map(customOf),
    certificates: config.certificates.filter((one) => one.service === service).map(certificateOf),
    patterns: ofService(config.patterns, service).map(patternOf),
  };
}

/** A rule of the service replaces the one of all services that has the same name. */
function ofService<R extends { name: string; service?: string | undefined }>(rules: readonly R[], service: string): R[] {
  const own = rules.filter((one) => one.service === service);
  const ownNames = new Set(own.map(({ name }) => name));
  return [...rules.filter((one) => one.service === undefined && !ownNames.has(one.name)), ...own];
}

export function rulesOfHost(config: AlertConfig): RuleSet {
  return {
    thresholds: thresholdsOn("host", config.rules),
    events: [],
    custom: config.custom.filter((one) => one.service === hostName).map(customOf),
    certificates: config.certificates.filter((one) => one.service === undefined).map(certificateOf),
    patterns: [],
  };
}

/** The name of a rule in events: custom rules have names of their own, which must not meet those of bs9. */
export const customName = (name: string): string => `custom.${name}`;
export const patternName = (name: string): string => `pattern.${name}`;
/** A certificate that expires soon is told as one alert, and one that clients refuse as another: the first leads to the second. */
export const certificateName = (name: string): string => `certificate.${name}`;
export const invalidCertificateName = (name: string): string => `certificate.${name}.invalid`;

function thresholdsOn(kind: SubjectKind, given: GlobalRules): Threshold[] {
  return thresholdRows.flatMap((row) => (row.on === kind ? thresholdOf(row, given) : []));
}

function thresholdOf({ name, withinMs, forMs, severity }: (typeof thresholdRows)[number], given: GlobalRules): Threshold[] {
  const rule = given[name];
  if (rule === undefined || rule === "off") return [];
  const isBytes = typeof rule.value === "object";
  return [
    {
      name,
      value: typeof rule.value === "object" ? rule.value.bytes : rule.value,
      isBytes,
      withinMs: ("within" in rule ? rule.within : undefined) ?? withinMs,
      forMs: ("for" in rule ? rule.for : undefined) ?? forMs,
      severity: rule.severity ?? severity,
    },
  ];
}

function eventOf({ name, forMs, severity }: (typeof eventRows)[number], given: GlobalRules): EventRule[] {
  const rule = given[name] ?? "on";
  if (rule === "off") return [];
  const own = rule === "on" ? {} : rule;
  return [{ name, forMs: own.for ?? forMs, severity: own.severity ?? severity }];
}

function customOf({ for: forMs = customForMs, severity = "warning", ...rule }: CustomRule): Custom {
  return { ...rule, forMs, severity };
}

function certificateOf({ for: forMs, severity = "warning", ...rule }: CertificateConfig): CertificateRule {
  return { ...rule, forMs: forMs ?? null, severity };
}

function patternOf({ severity = "warning", ...rule }: PatternConfig): PatternRule {
  return { ...rule, severity };
}

/** `name`: the one in events. */
export function hasRule(rules: RuleSet | null, name: string): boolean {
  if (rules === null) return false;
  const { thresholds, events, custom, certificates, patterns } = rules;
  return (
    [...thresholds, ...events].some((one) => one.name === name) ||
    custom.some((one) => customName(one.name) === name) ||
    patterns.some((one) => patternName(one.name) === name) ||
    certificates.some((one) => certificateName(one.name) === name || invalidCertificateName(one.name) === name)
  );
}

/** The condition of a rule in words. */
export function thresholdText({ name, value, isBytes, withinMs }: Threshold): string {
  const { isLeast, unit } = thresholdRow(name);
  const limit = limitText(value, isBytes ? "bytes" : unit);
  const over = withinMs === 0 ? "" : isLeast === true ? ` over ${formatAge(withinMs)}` : ` within ${formatAge(withinMs)}`;
  return `${isLeast === true ? `below ${limit}` : `from ${limit}`}${over}`;
}

/** Only the rules on events that can be seen without an agent. */
export function rulesWithoutAgent({ events }: RuleSet): RuleSet {
  const names = new Set(eventRows.flatMap(({ name, needsNoAgent }) => (needsNoAgent === true ? [name] : [])));
  return { thresholds: [], events: events.filter(({ name }) => names.has(name)), custom: [], certificates: [], patterns: [] };
}
