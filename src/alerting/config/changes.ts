// What a change of alerts.json means, in words: one line for each rule, channel and setting that changed. Pure.
import { formatAge, formatSpan } from "../../base/quantities.ts";
import { channelsNamed } from "../channels/channels.ts";
import { shownUrl } from "../channels/webhook.ts";
import { customName, type RuleSet, rulesOfHost, rulesOfService, thresholdText } from "../rules/rules.ts";
import { eventRows } from "../rules/table.ts";
import type { AlertConfig } from "./config.ts";

export function changesInWords(before: AlertConfig, after: AlertConfig): string[] {
  const ofAll = (config: AlertConfig) => rulesOfService({ ...config, services: {} }, "");
  const services = new Set([...Object.keys(before.services), ...Object.keys(after.services)]);
  return [
    ...changed(settingsOf(before), settingsOf(after)),
    ...changed(wordsOf(ofAll(before)), wordsOf(ofAll(after))),
    ...changed(wordsOf(rulesOfHost(before)), wordsOf(rulesOfHost(after))),
    ...Array.from(services).flatMap((service) =>
      changed(ownWords(before, service), ownWords(after, service), ` of ${service}`, "as for all services"),
    ),
    ...changed(channelsOf(before), channelsOf(after)),
  ];
}

/** `none`: the words for an entry that is gone. */
function changed(before: ReadonlyMap<string, string>, after: ReadonlyMap<string, string>, of = "", none = "off"): string[] {
  const names = new Set([...before.keys(), ...after.keys()]);
  return Array.from(names).flatMap((name) => {
    const words = after.get(name) ?? none;
    return before.get(name) === after.get(name) ? [] : [`${name}${of}: ${words}`];
  });
}

function settingsOf({ cooldownSeconds, enabled, heartbeat }: AlertConfig): Map<string, string> {
  const every = formatAge((heartbeat?.everySeconds ?? 60) * 1000);
  return new Map([
    ["alerts", enabled ? "on" : "off"],
    ["cooldown", cooldownText(cooldownSeconds)],
    ...(heartbeat === undefined ? [] : [["heartbeat", `calls ${shownUrl(heartbeat.url)} every ${every}`] as const]),
  ]);
}

function wordsOf({ thresholds, events, custom }: RuleSet): Map<string, string> {
  return new Map([
    ...events.map(({ name, forMs, severity }) => {
      const words = eventRows.find((row) => row.name === name)?.words ?? "";
      return [name as string, `${words}${lastingText(forMs)} (${severity})`] as const;
    }),
    ...thresholds.map(
      (rule) => [rule.name as string, `alerts ${thresholdText(rule)}${lastingText(rule.forMs)} (${rule.severity})`] as const,
    ),
    ...custom.map(({ name, series, op, value, forMs, severity }) => {
      return [customName(name), `alerts when ${series} is ${op} ${value}${lastingText(forMs)} (${severity})`] as const;
    }),
  ]);
}

/** Only the rules that the service sets for itself. */
function ownWords(config: AlertConfig, service: string): Map<string, string> {
  const words = wordsOf(rulesOfService(config, service));
  const own = Object.entries(config.services[service] ?? {}).filter(([, rule]) => rule !== undefined);
  return new Map(own.map(([name]) => [name, words.get(name) ?? "off"]));
}

function channelsOf({ channels }: AlertConfig): Map<string, string> {
  const names = new Map<string, number>();
  for (const { name } of channelsNamed(channels)) names.set(name, (names.get(name) ?? 0) + 1);
  return new Map(Array.from(names, ([name, count]) => [`channel ${name}`, count === 1 ? "on" : `on, ${count} times`]));
}

/** How often the same state of a service is told. */
export function cooldownText(seconds: number): string {
  if (seconds === 0) return "the same state of a service is told each time";
  return `the same state of a service is told at most once in ${formatAge(seconds * 1000)}`;
}

const lastingText = (ms: number): string => (ms === 0 ? "" : `, for ${ms < 1000 ? formatSpan(ms) : formatAge(ms)}`);
