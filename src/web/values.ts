// Parses the parameters of a query. Each function throws a usage error that names the parameter.
import { usage } from "../base/errors.ts";
import { parseDuration, parseWhole } from "../base/quantities.ts";
import { namePattern } from "../service/name.ts";
import type { QueryField } from "./route.ts";

export const timeField = (text: string): QueryField => ({
  text: `${text}: a date and time in ISO 8601, or an age such as 10m`,
  schema: { type: "string", maxLength: 40 },
});

/** A date and time in ISO 8601, or an age such as `10m`; null where the parameter is not given. */
export function timeIn(query: URLSearchParams, name: string, nowMs: number): number | null {
  const text = query.get(name);
  if (text === null || text === "") return null;
  if (text.length > 40) throw usage(`${name} is too long`);
  if (!/^\d{4}-/.test(text)) return nowMs - parseDuration(text, name);
  const atMs = /^\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(?:Z|[+-]\d\d:\d\d)?)?$/.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(atMs)) throw usage(`${name} must be a date in ISO 8601, such as 2026-01-31T12:00:00Z (got ${JSON.stringify(text)})`);
  return atMs;
}

export function wholeIn(query: URLSearchParams, name: string, [least, most]: [number, number]): number | null {
  const text = query.get(name);
  return text === null || text === "" ? null : parseWhole(text, name, least, most);
}

/** Names of services, separated by commas; null where the parameter is not given. */
export function serviceNamesIn(query: URLSearchParams, name: string): string[] | null {
  const text = query.get(name);
  if (text === null || text === "") return null;
  const names = [...new Set(text.split(","))];
  if (names.length > maxNames) throw usage(`${name} must not have more than ${maxNames} names`);
  for (const one of names) if (!namePattern.test(one)) throw usage(`${name} must be names of services, separated by commas`);
  return names;
}

const maxNames = 1000;
