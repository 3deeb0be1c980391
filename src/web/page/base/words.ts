// Figures and times as words. Pure. An unknown figure is a dash, never 0.
import { formatAge, formatBytes } from "../../../base/quantities.ts";
import type { Observed, Status } from "../../../status/schema.ts";

export const unknownText = "–";

type Value = number | null | undefined;

export const isKnown = (value: Value): value is number => typeof value === "number" && Number.isFinite(value);

export function percentText(value: Value): string {
  return isKnown(value) ? `${value >= 99.95 ? value.toFixed(0) : value.toFixed(1)}%` : unknownText;
}

export function bytesText(value: Value): string {
  return isKnown(value) ? formatBytes(value) : unknownText;
}

export function ageText(ms: Value): string {
  return isKnown(ms) ? formatAge(ms) : unknownText;
}

export function countText(value: Value): string {
  if (!isKnown(value)) return unknownText;
  if (Math.abs(value) >= 10_000) return `${(value / 1000).toFixed(1)}k`;
  return Number.isInteger(value) ? String(value) : value.toFixed(value >= 100 ? 0 : 1);
}

export function msText(value: Value): string {
  if (!isKnown(value)) return unknownText;
  if (value >= 1000) return `${(value / 1000).toFixed(value >= 10_000 ? 0 : 1)} s`;
  return `${value >= 10 || Number.isInteger(value) ? value.toFixed(0) : value.toFixed(1)} ms`;
}

export type ValueUnit = "percent" | "bytes" | "bytesPerSecond" | "ms" | "count" | "perSecond";

const texts: Record<ValueUnit, (value: Value) => string> = {
  percent: percentText,
  bytes: bytesText,
  bytesPerSecond: (value) => (isKnown(value) ? `${formatBytes(value)}/s` : unknownText),
  ms: msText,
  count: countText,
  perSecond: (value) => (isKnown(value) ? `${countText(value)}/s` : unknownText),
};

export const textOfValue = (value: Value, unit: ValueUnit): string => texts[unit](value);

const two = (value: number) => String(value).padStart(2, "0");

/** The time of day, as clocks of this place show it. */
export function clockText(atMs: number, withMs = false): string {
  const at = new Date(atMs);
  const time = `${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`;
  return withMs ? `${time}.${String(at.getMilliseconds()).padStart(3, "0")}` : time;
}

export function dayText(atMs: number): string {
  const at = new Date(atMs);
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
}

/** The time of day, with the date where it is not today. */
export function momentText(atMs: number, nowMs = Date.now()): string {
  return dayText(atMs) === dayText(nowMs) ? clockText(atMs) : `${dayText(atMs)} ${clockText(atMs)}`;
}

/** How a service does, as one word that the page sorts, filters and paints by. */
export type Wellness = "failed" | "unhealthy" | "changing" | "well" | "stopped" | "unknown";

export function wellnessOf({ status, wanted }: Pick<Observed, "status" | "wanted">): Wellness {
  switch (status.state) {
    case "failed":
      return "failed";
    case "activating":
    case "deactivating":
      return "changing";
    case "unknown":
      return "unknown";
    case "inactive":
      return wanted && status.reason !== null ? "failed" : "stopped";
    case "active":
      return status.health === "unhealthy" ? "unhealthy" : "well";
  }
}

export const isNotWell = (wellness: Wellness): boolean => wellness === "failed" || wellness === "unhealthy";

export function healthWord({ health, state }: Status): string {
  return health === null || state === "inactive" ? unknownText : health;
}

export const plural = (count: number, one: string, more = `${one}s`): string => `${count} ${count === 1 ? one : more}`;
