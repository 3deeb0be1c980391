// Compares what is known of a service or of the host with its rules. Pure: values in, conditions out.
import { formatAge } from "../../base/quantities.ts";
import { tableOf, type Unit } from "../../metrics/figures.ts";
import { hostName, kindOf } from "../../metrics/subject.ts";
import { type FiguresByName, type HostFacts, numberIn, type ServiceFacts } from "../rules/facts.ts";
import { type Custom, customName, type EventRule, type RuleSet, type Threshold } from "../rules/rules.ts";
import { figureText, marginOf, thresholdRow } from "../rules/table.ts";
import { seenBy } from "./events.ts";
import { certificateObserved, patternObserved } from "./found.ts";
import type { Observation } from "./observed.ts";
import type { Condition } from "./states.ts";

export function observationsOf(facts: ServiceFacts, rules: RuleSet, host: HostFacts, nowMs: number): Observation[] {
  const { name, figures } = facts;
  const thresholds = rules.thresholds.flatMap((rule) => {
    const { isCount, countsDown } = thresholdRow(rule.name);
    if (figures === null && isCount !== true) return [];
    const observed = thresholdOf(rule, name, { facts, host, nowMs });
    if (isCount === true) return { ...observed, ...whileStopped(facts) };
    return { ...observed, ...(countsDown === true ? {} : whileDown(facts)) };
  });
  const custom = figures === null ? [] : rules.custom.map((rule) => ({ ...customOf(rule, name, figures), ...whileDown(facts) }));
  const certificates =
    figures === null
      ? []
      : rules.certificates
          .flatMap((rule) => certificateObserved(rule, name, facts.certificates))
          .map((one) => ({ ...one, ...whileDown(facts) }));
  const patterns = rules.patterns.map((rule) => patternObserved(rule, name, facts.matches));
  return [...rules.events.map((rule) => eventOf(rule, facts, nowMs)), ...thresholds, ...custom, ...certificates, ...patterns];
}

export function observationsOfHost(host: HostFacts, rules: RuleSet): Observation[] {
  const { certificates, figures } = host;
  if (figures === null) return [];
  return [
    ...rules.thresholds.map((rule) => thresholdOf(rule, hostName, { facts: null, host, nowMs: 0 })),
    ...rules.custom.map((rule) => customOf(rule, hostName, figures)),
    ...rules.certificates.flatMap((rule) => certificateObserved(rule, hostName, certificates)),
  ];
}

/** A service that does not run uses nothing; while it starts or ends, its figures say nothing yet. */
function whileDown({ state }: ServiceFacts): Partial<Observation> {
  if (state === "active") return {};
  return state === "inactive" || state === "failed" ? { condition: "clear", clearForMs: 0 } : { condition: "unknown" };
}

/** The restarts of a service before it was stopped are over. */
function whileStopped({ state }: ServiceFacts): Partial<Observation> {
  return state === "inactive" ? { condition: "clear", clearForMs: 0 } : {};
}

function eventOf({ name, forMs, severity }: EventRule, facts: ServiceFacts, nowMs: number): Observation {
  const rest = { severity, value: null, threshold: null, unit: null, run: null, sinceMs: null, clearForMs: 0 };
  return { rule: name, subject: facts.name, forMs, ...rest, ...seenBy[name](facts, nowMs) };
}

type From = { facts: ServiceFacts | null; host: HostFacts; nowMs: number };

function thresholdOf(rule: Threshold, subject: string, from: From): Observation {
  const { name, isBytes, value: threshold, forMs, withinMs, severity } = rule;
  const row = thresholdRow(name);
  const unit: Unit = isBytes ? "bytes" : row.unit;
  const value = row.measure({ ...from, isBytes, withinMs });
  const words = () => row.sentence(figureText(value, unit), subject, formatAge(withinMs));
  return {
    rule: name,
    subject,
    condition: compared(value, row.isLeast === true ? "<" : ">=", threshold, marginOf(row, threshold)),
    forMs,
    clearForMs: forMs,
    severity,
    value,
    threshold,
    unit,
    run: null,
    sinceMs: null,
    sentence: () => `${words()}; the threshold is ${figureText(threshold, unit)}`,
  };
}

/** The share of its threshold by which the value of a custom rule has to come back. */
const hysteresis = 0.05;

function customOf({ name, series, op, value: threshold, forMs, severity }: Custom, subject: string, figures: FiguresByName): Observation {
  const value = numberIn(figures, series);
  const unit = tableOf(kindOf(subject)).find((figure) => figure.name === series)?.unit ?? null;
  return {
    rule: customName(name),
    subject,
    condition: compared(value, op, threshold, marginOf({ hysteresis }, threshold)),
    forMs,
    clearForMs: forMs,
    severity,
    value,
    threshold,
    unit,
    run: null,
    sinceMs: null,
    sentence: () =>
      `${series} of ${subject === hostName ? "the host" : subject} is ${figureText(value, unit)}; the rule ${name} fires at ${op} ${figureText(threshold, unit)}`,
  };
}

function compared(value: number | null, op: Custom["op"], threshold: number, margin: number): Condition {
  if (value === null) return "unknown";
  const isAbove = op === ">" || op === ">=";
  const over = isAbove ? value - threshold : threshold - value;
  if (over > 0 || (over === 0 && op.endsWith("="))) return "breached";
  return over <= -margin || margin === 0 ? "clear" : "between";
}
