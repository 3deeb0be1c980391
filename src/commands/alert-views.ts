// What `bs9 alert` prints: the rules and channels, the alerts that fire, what was told, and the results of a test.
import { channelsNamed, channelWarnings } from "../alerting/channels/channels.ts";
import type { ChannelTrial } from "../alerting/channels/trial.ts";
import { shownUrl } from "../alerting/channels/webhook.ts";
import { cooldownText } from "../alerting/config/changes.ts";
import type { AlertConfig, AlertFile } from "../alerting/config/config.ts";
import { alertMistakeLine, alertsFile, loadAlerts, type ReadAlerts } from "../alerting/config/file.ts";
import { maskedAlerts } from "../alerting/config/masked.ts";
import { readKept } from "../alerting/evaluation/kept.ts";
import { readQuiet } from "../alerting/evaluation/silences.ts";
import type { AlertEvent } from "../alerting/message.ts";
import {
  type CertificateRule,
  certificateName,
  customName,
  patternName,
  type RuleSet,
  rulesOfHost,
  rulesOfService,
  thresholdText,
} from "../alerting/rules/rules.ts";
import { readAlertHistory } from "../alerting/spool/history.ts";
import { exitStatus } from "../base/errors.ts";
import type { Paths } from "../base/paths.ts";
import { formatAge, formatSpan, localTime } from "../base/quantities.ts";
import { table } from "../base/table.ts";
import type { Style } from "../base/terminal.ts";
import { harmless } from "../base/text.ts";
import type { ChangedAlerts } from "../lifecycle/alert.ts";
import { hostName } from "../metrics/subject.ts";
import type { Result } from "./command.ts";

type ListOptions = { paths: Pick<Paths, "config" | "state">; service: string | null; services: string[]; nowMs: number };

export function listedAlerts({ paths, service, services, nowMs }: ListOptions): Result {
  const path = alertsFile(paths.config);
  const read = loadAlerts(paths.config);
  const quiet = readQuiet(paths.state);
  const silences = quiet.silences.filter(({ untilMs }) => untilMs > nowMs);
  const ackedBy = new Map(quiet.acks.map(({ id, by }) => [id, by]));
  const alerts = (readKept(paths.state)?.alerts ?? [])
    .filter((alert) => alert.state !== "pending" && (service === null || alert.subject === service))
    .map(({ phaseAgeMs: _, isTold: __, state: ___, ...alert }) => ({ ...alert, ackedBy: ackedBy.get(alert.id) ?? null }));
  const mistakes = read.mistakes.map((mistake) => alertMistakeLine(path, mistake));
  const { config } = read;
  const rules =
    config === null ? [] : ruleRows(config, service === null ? services : [service].filter((one) => one !== hostName), service === null);
  return {
    value: { file: path, mistakes, ...(config === null ? {} : { config: shownConfig(config, read.file) }), silences, alerts },
    names: alerts.map(({ id }) => id),
    text: (style) => [
      ...(config === null ? [] : [headLine(config)]),
      ...section(table(["SERVICE", "RULE", "THRESHOLD", "FOR", "SEVERITY"].map(titled), rules), rules.length),
      ...(config === null ? [] : ["", ...channelLines(config)]),
      ...silences.map((one) => `${one.service} is silenced until ${localTime(one.untilMs)} (by ${harmless(one.by)})`),
      ...section(
        table(
          ["ID", "SUBJECT", "RULE", "SINCE", "ALERT"].map(titled),
          alerts.map((alert) => [
            alert.id,
            alert.subject,
            alert.rule,
            formatAge(nowMs - alert.sinceMs),
            `${style.red(harmless(alert.sentence))}${alert.ackedBy === null ? "" : ` (acknowledged by ${harmless(alert.ackedBy)})`}`,
          ]),
        ),
        alerts.length,
      ),
    ],
    hints: [
      ...mistakes.map((line) => `${harmless(line)}; the previous rules stay in force`),
      ...(config === null ? [] : [...uselessRules(config, services), ...channelWarnings(config.channels, config.heartbeat).map(harmless)]),
    ],
    exitStatus: mistakes.length > 0 ? exitStatus.failed : exitStatus.done,
  };
}

/** The file with its defaults, and with the times and sizes as the user has written them. */
function shownConfig(config: AlertConfig, { rules = {}, services = {}, custom = [], certificates = [], patterns = [] }: AlertFile) {
  return maskedAlerts({ ...config, rules, services, custom, certificates, patterns });
}

/** A sentence for each part of the file that no service uses. */
function uselessRules({ services }: AlertConfig, defined: string[]): string[] {
  return Object.keys(services)
    .filter((name) => !defined.includes(name))
    .map((name) =>
      name === hostName
        ? `services.${hostName} has no effect: the rules on the host are hostMemory and hostDisk below rules, and custom rules`
        : `services.${harmless(name)} has no effect yet: there is no service with this name`,
    );
}

const titled = (title: string) => ({ title });
const section = (lines: string[], rows: number): string[] => (rows === 0 ? [] : ["", ...lines]);

function headLine({ enabled, cooldownSeconds }: AlertConfig): string {
  if (!enabled) return "alerts are off: bs9 alert --enable";
  return `alerts are on; ${cooldownText(cooldownSeconds)}`;
}

/** The names as a test of the channels shows them, without secrets. */
function channelNames({ channels, heartbeat }: AlertConfig): string[] {
  const names = channelsNamed(channels).map(({ name }) => name);
  return [...names, ...(heartbeat === undefined ? [] : [`heartbeat ${shownUrl(heartbeat.url)}`])];
}

function channelLines(config: AlertConfig): string[] {
  const names = channelNames(config);
  if (names.length === 0) return ["no channel is configured, so nobody is told: bs9 alert --webhook URL, or bs9 alert --mail ADDRESS"];
  return names.map((name) => `channel: ${harmless(name)}`);
}

/** The rules of a service that are the same as those of all services are shown once. */
function ruleRows(config: AlertConfig, services: string[], isForAll: boolean): string[][] {
  // No service has an empty name, so these are the rules that name no service.
  const others = rulesOfService({ ...config, services: {} }, "");
  const ofAll = rowsOf("all services", others);
  const own = services.flatMap((service) => {
    const rows = rowsOf(service, rulesOfService(config, service));
    return isForAll ? ownRows(rows, ofAll, service) : rows;
  });
  return [...(isForAll ? ofAll : []), ...own, ...rowsOf(hostName, rulesOfHost(config))];
}

function ownRows(rows: string[][], ofAll: string[][], service: string): string[][] {
  const same = new Set(ofAll.map(([, ...rest]) => rest.join("\0")));
  const names = new Set(rows.map(([, rule]) => rule));
  const removed = ofAll.filter(([, rule]) => !names.has(rule)).map(([, rule = ""]) => [service, rule, "off", "-", "-"]);
  return [...rows.filter(([, ...rest]) => !same.has(rest.join("\0"))), ...removed];
}

function rowsOf(subject: string, { thresholds, events, custom, certificates, patterns }: RuleSet): string[][] {
  return [
    ...events.map(({ name, forMs, severity }) => [subject, name, "-", lasting(forMs), severity]),
    ...thresholds.map((rule) => [subject, rule.name, thresholdText(rule), lasting(rule.forMs), rule.severity]),
    ...custom.map(({ name, series, op, value, forMs, severity }) => [
      subject,
      customName(name),
      `${series} ${op} ${value}`,
      lasting(forMs),
      severity,
    ]),
    ...certificates.map(({ name, days, forMs, severity, ...where }) => [
      subject,
      certificateName(name),
      `${certificatePlace(where)}, at least ${days}d left`,
      lasting(forMs ?? 0),
      severity,
    ]),
    ...patterns.map(({ name, pattern, severity }) => [subject, patternName(name), `/${harmless(pattern)}/`, "at once", severity]),
  ];
}

function certificatePlace({ port, url, file }: Pick<CertificateRule, "port" | "url" | "file">): string {
  if (port !== undefined) return `port ${port}`;
  return url === undefined ? harmless(file ?? "") : `https://${new URL(url).host}`;
}

const lasting = (ms: number): string => (ms === 0 ? "at once" : ms < 1000 ? formatSpan(ms) : formatAge(ms));

export function changedAlerts(path: string, { differences, lines, lost }: ChangedAlerts, read: ReadAlerts): Result {
  const { config } = read;
  const isSilent = config !== null && channelNames(config).length === 0;
  return {
    value: { file: path, differences },
    names: differences.map(({ path: changed }) => changed),
    text: () => (differences.length === 0 ? ["unchanged"] : lines.length === 0 ? ["changed"] : lines.map(harmless)),
    hints: [
      ...lost.map(
        ({ name, waiting }) =>
          `${waiting === 1 ? "1 message that waits" : `${waiting} messages that wait`} for ${harmless(name)} will not be sent`,
      ),
      ...(config === null ? [] : channelWarnings(config.channels, config.heartbeat).map(harmless)),
      ...(isSilent ? ["No channel is configured, so nobody is told. Add one: bs9 alert --webhook URL"] : []),
    ],
  };
}

export function historyOfAlerts(state: string, service: string | null): Result {
  const events = readAlertHistory(state).filter(({ subject }) => service === null || subject === service);
  return {
    value: events.map(({ atMs, sinceMs, ...event }) => ({
      at: new Date(atMs).toISOString(),
      since: new Date(sinceMs).toISOString(),
      ...event,
    })),
    names: events.map(({ id }) => id),
    text: (style) => (events.length === 0 ? [] : eventTable(events, style, true)),
    hints: events.length === 0 ? ["No alert was told yet."] : [],
  };
}

export function eventTable(events: readonly AlertEvent[], style: Style, hasIds: boolean): string[] {
  return table(
    ["WHEN", "KIND", "SUBJECT", "RULE", ...(hasIds ? ["ID"] : []), "ALERT"].map(titled),
    events.map(({ atMs, id, kind, rule, sentence, subject }) => [
      localTime(atMs),
      kind === "firing" ? style.red(kind) : style.green(kind),
      subject,
      rule,
      ...(hasIds ? [id] : []),
      harmless(sentence),
    ]),
  );
}

export function testedChannels(trials: ChannelTrial[]): Result {
  return {
    value: trials,
    names: trials.filter(({ ok }) => ok).map(({ channel }) => channel),
    text: (style) =>
      trials.map(
        ({ channel, ok, answer, tookMs }) =>
          `${ok ? style.green("ok") : style.red("failed")} ${harmless(channel)}: ${harmless(answer)} (${formatSpan(tookMs)})`,
      ),
    hints: trials.length === 0 ? ["No channel is configured. Add one: bs9 alert --webhook URL"] : [],
  };
}
