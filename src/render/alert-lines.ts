// The alerts that fire, as lines of text for `status` and `describe`.
import type { AlertNow } from "../alerting/evaluation/kept.ts";
import { formatAge } from "../base/quantities.ts";
import { harmless } from "../base/text.ts";
import { hostName } from "../metrics/subject.ts";

/** `subjects` null: all of them. The oldest comes first. */
export function firingOn(alerts: readonly AlertNow[] | null, subjects: readonly string[] | null): AlertNow[] {
  const firing = (alerts ?? []).filter(({ state, subject }) => state !== "pending" && (subjects === null || subjects.includes(subject)));
  return firing.sort((a, b) => a.sinceMs - b.sinceMs);
}

const maxNamed = 5;

/** One line for all of them, such as `1 alert fires: web cpu (3m). See: bs9 alert`; empty where none fires. */
export function alertSummary(alerts: readonly AlertNow[], nowMs: number): string[] {
  if (alerts.length === 0) return [];
  const named = alerts
    .slice(0, maxNamed)
    .map((one) => `${nameOf(one)} ${harmless(one.rule)} (${[ageOf(one, nowMs), ...marksOf(one)].join(", ")})`);
  const more = alerts.length > maxNamed ? ` and ${alerts.length - maxNamed} more` : "";
  return [`${alerts.length === 1 ? "1 alert fires" : `${alerts.length} alerts fire`}: ${named.join(", ")}${more}. See: bs9 alert`];
}

/** Such as `alert for 3m: the CPU usage of web is 95 %; the threshold is 90 %`. */
export function alertLine(alert: AlertNow, nowMs: number): string {
  const marks = marksOf(alert);
  return `alert for ${ageOf(alert, nowMs)}: ${harmless(alert.sentence)}${marks.length === 0 ? "" : ` (${marks.join(", ")})`}`;
}

const nameOf = ({ subject }: AlertNow): string => (subject === hostName ? "host" : harmless(subject));

const ageOf = ({ sinceMs }: AlertNow, nowMs: number): string => formatAge(nowMs - sinceMs);

function marksOf({ ackedBy, isSilenced }: AlertNow): string[] {
  return [...(ackedBy === null ? [] : [`acknowledged by ${harmless(ackedBy)}`]), ...(isSilenced ? ["silenced"] : [])];
}
