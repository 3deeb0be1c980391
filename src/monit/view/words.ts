// Times and short words that several parts of the screen use. Pure.
import { formatAge } from "../../base/quantities.ts";

const two = (value: number): string => String(value).padStart(2, "0");

/** The local time of day. */
export function clock(atMs: number): string {
  const at = new Date(atMs);
  return `${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`;
}

/** The local date and time, the date only if it is not today. */
export function dayAndClock(atMs: number, nowMs: number): string {
  const [at, now] = [new Date(atMs), new Date(nowMs)];
  const day = at.toDateString() === now.toDateString() ? "" : `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())} `;
  return day + clock(atMs);
}

export function rule(title: string, width: number, isAscii: boolean): string {
  const line = isAscii ? "-" : "─";
  const lead = `${line}${line}${title === "" ? "" : ` ${title} `}`;
  return lead + line.repeat(Math.max(0, width - lead.length));
}

/** `1m`, `6h`, `30d` */
export function spanWord(ms: number): string {
  return ms % 86_400_000 === 0 ? `${ms / 86_400_000}d` : formatAge(ms);
}
