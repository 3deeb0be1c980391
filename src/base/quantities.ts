// Parses and formats sizes, durations and percentages.
import { usage } from "./errors.ts";

const sizeUnits: Record<string, number> = { "": 1, k: 1024, m: 1024 ** 2, g: 1024 ** 3, t: 1024 ** 4 };
const durationUnits: Record<string, number> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** Parses `512M`, `1.5G`, `1048576` to bytes, with powers of 1024 as in systemd.syntax(7). */
export function parseBytes(text: string, what: string): number {
  const match = /^(\d+(?:\.\d+)?)([kmgt]?)(?:i?b)?$/i.exec(text.trim());
  const bytes = match ? Number(match[1]) * (sizeUnits[match[2]?.toLowerCase() ?? ""] ?? Number.NaN) : Number.NaN;
  if (!Number.isSafeInteger(Math.round(bytes))) throw usage(`${what} must be a size such as 512M or 2G (got '${text}')`);
  return Math.round(bytes);
}

/** Parses `10m`, `1s`, `250ms`, `1h30m` to milliseconds; a number without unit counts as seconds. */
export function parseDuration(text: string, what: string): number {
  const trimmed = text.trim().toLowerCase();
  if (/^\d+(\.\d+)?$/.test(trimmed)) return Math.round(Number(trimmed) * 1000);
  if (!/^(\d+(\.\d+)?(ms|s|m|h|d))+$/.test(trimmed)) throw usage(`${what} must be a time such as 30s, 10m or 2h (got '${text}')`);
  let total = 0;
  for (const part of trimmed.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h|d)/g))
    total += Number(part[1]) * (durationUnits[part[2] ?? ""] ?? Number.NaN);
  return Math.round(total);
}

/** Parses `50%` or `150` to percent of one core. */
export function parsePercent(text: string, what: string): number {
  const match = /^(\d+(?:\.\d+)?)\s*%?$/.exec(text.trim());
  if (!match) throw usage(`${what} must be a percentage such as 50%, where 100% is one core (got '${text}')`);
  return Number(match[1]);
}

/** Parses a whole number between `min` and `max`, both included. */
export function parseWhole(text: string, what: string, min: number, max: number): number {
  const value = /^\d{1,15}$/.test(text.trim()) ? Number(text) : Number.NaN;
  if (!(value >= min && value <= max)) throw usage(`${what} must be a whole number from ${min} to ${max} (got '${text}')`);
  return value;
}

/** Formats as `41M`, `1.5G`, `980K`: at most four characters and the unit. */
export function formatBytes(bytes: number): string {
  const units = ["B", "K", "M", "G", "T"];
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit++;
  }
  const digits = unit === 0 || value >= 10 || Number.isInteger(value) ? 0 : 1;
  return `${value.toFixed(digits)}${units[unit]}`;
}

/** Formats an age as kubectl does: `4s`, `41m`, `3h12m`, `3d4h`. */
export function formatAge(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  if (seconds < 60) return `${seconds}s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes}m`;
  const hours = Math.floor(minutes / 60);
  if (hours < 24) return minutes % 60 ? `${hours}h${minutes % 60}m` : `${hours}h`;
  const days = Math.floor(hours / 24);
  return days < 8 && hours % 24 ? `${days}d${hours % 24}h` : `${days}d`;
}

/** Formats a duration: `1.2 s`, `350 ms`. */
export function formatSpan(ms: number): string {
  return ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`;
}

const months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/** The time as `journalctl --output=short` writes it, in the local time zone: `Nov 27 09:05:03`. */
export function localTime(atMs: number): string {
  const at = new Date(atMs);
  const two = (value: number) => String(value).padStart(2, "0");
  return `${months[at.getMonth()]} ${two(at.getDate())} ${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`;
}
