// Parses a time in the past: a duration before now, a date, or a time of day.
import { usage } from "../base/errors.ts";
import { parseDuration } from "../base/quantities.ts";

/** Parses a duration before now (`10m`) or an ISO 8601 date. A date with a time but without a time zone is local time. */
export function pastTime(text: string, what: string): number {
  if (/^\d{4}-\d{2}-\d{2}/.test(text)) {
    const at = isDay(text) ? Date.parse(text.replace(/^(\S+) (\S+)$/, "$1T$2")) : Number.NaN;
    if (Number.isNaN(at)) throw usage(`${what} must be a date that exists (got '${text}')`);
    return at;
  }
  return Date.now() - parseDuration(text, what);
}

/** Parses also `03:12` and `03:12:40`: the last time that the local clock showed this. */
export function clockOrPastTime(text: string, what: string, nowMs = Date.now()): number {
  const match = /^(\d{1,2}):(\d\d)(?::(\d\d))?$/.exec(text.trim());
  if (match === null) return pastTime(text, what);
  const [hours = 0, minutes = 0, seconds = 0] = match.slice(1).map((part) => Number(part ?? 0));
  if (hours > 23 || minutes > 59 || seconds > 59) throw usage(`${what} must be a time of day that exists (got '${text}')`);
  const at = new Date(nowMs);
  at.setHours(hours, minutes, seconds, 0);
  if (at.getTime() > nowMs) at.setDate(at.getDate() - 1);
  return at.getTime();
}

/** Returns false for a day that does not exist. This check is needed, because Date.parse() reads February 31 as March 3. */
function isDay(text: string): boolean {
  const [, year, month, day] = /^(\d{4})-(\d\d)-(\d\d)/.exec(text)?.map(Number) ?? [];
  return year === undefined || new Date(Date.UTC(year, (month ?? 0) - 1, day)).getUTCDate() === day;
}
