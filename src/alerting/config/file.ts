// Reads and writes alerts.json. A mistake is reported with its line and field.
import { join } from "node:path";
import * as v from "valibot";
import { reasonOf } from "../../base/errors.ts";
import { readIfThere, writeWhole } from "../../base/files.ts";
import { readJson } from "../../base/json.ts";
import { nearest } from "../../base/text.ts";
import { AlertConfig, type AlertFile } from "./config.ts";

export type AlertMistake = { line: number | null; field: string | null; what: string };
export type ReadAlerts =
  | { config: AlertConfig; file: AlertFile; mistakes: [] }
  | { config: null; file: null; mistakes: [AlertMistake, ...AlertMistake[]] };

export const alertsFile = (config: string): string => join(config, "alerts.json");

const maxBytes = 1024 * 1024;

/** Where there is no file, the built-in rules are in force, and there are no channels. Never throws. */
export function loadAlerts(folder: string): ReadAlerts {
  try {
    return parseAlerts(readIfThere(alertsFile(folder), maxBytes) ?? "{}");
  } catch (error) {
    return { config: null, file: null, mistakes: [{ line: null, field: null, what: reasonOf(error) }] };
  }
}

export function parseAlerts(text: string): ReadAlerts {
  const read = readJson(text);
  if (!read.isRead) return { config: null, file: null, mistakes: [{ line: read.line, field: null, what: read.reason }] };
  const parsed = v.safeParse(AlertConfig, read.value);
  const wrong = parsed.success ? listsIn(read.value, parsed.output) : parsed.issues.map((issue) => mistakeOf(deepest(issue)));
  const [first, ...others] = wrong.map(({ path, what }) => ({ line: read.lineOf(path), field: path.join(".") || null, what }));
  if (first !== undefined) return { config: null, file: null, mistakes: [first, ...others] };
  return { config: v.parse(AlertConfig, read.value), file: read.value as AlertFile, mistakes: [] };
}

export function writeAlerts(folder: string, file: AlertFile): void {
  writeWhole(alertsFile(folder), `${JSON.stringify(file, null, 2)}\n`, 0o600);
}

/** Formats a mistake as `/…/alerts.json:3: rules.cpu.value: …`. */
export function alertMistakeLine(path: string, { line, field, what }: AlertMistake): string {
  return `${path}${line === null ? "" : `:${line}`}: ${field === null ? "" : `${field}: `}${what}`;
}

type Issue = v.BaseIssue<unknown>;
type Key = string | number;
type Wrong = { path: Key[]; what: string };

const pathOf = ({ path }: Issue): Key[] => (path ?? []).map(({ key }) => (typeof key === "number" ? key : String(key)));

/** Only one option of a union is of use: the one that fits best, whose issue lies deepest in the value. */
function deepest(issue: Issue): { issue: Issue; path: Key[] } {
  const path = pathOf(issue);
  const within = issue.type === "union" ? (issue.issues ?? []).map(deepest).filter((one) => one.path.length > 0) : [];
  const [best] = within.sort((a, b) => b.path.length - a.path.length);
  // The paths of the issues inside a union begin at the union.
  return best === undefined ? { issue, path } : { issue: best.issue, path: [...path, ...best.path] };
}

function mistakeOf({ issue, path }: { issue: Issue; path: Key[] }): Wrong {
  const isKey = issue.type === "strict_object" && (issue.path?.length ?? 0) > 0;
  if (isKey && issue.expected === "never") return { path, what: unknownField(String(path.at(-1))) };
  if (isKey && issue.received === "undefined") return { path, what: "is missing" };
  const isShown = typeof issue.input !== "object" && !secretSections.has(path[0] ?? "");
  return { path, what: `${wordsOf(issue)}${isShown ? ` (got ${shownValue(issue.input)})` : ""}` };
}

const maxShown = 60;

function shownValue(input: unknown): string {
  const text = typeof input === "string" ? JSON.stringify(input) : String(input);
  return text.length > maxShown ? `${text.slice(0, maxShown)}…` : text;
}

/** Any value of these may be a secret: the URL of a webhook, a password that was written in the wrong place, an argument of a program. */
const secretSections = new Set<Key>(["channels", "heartbeat"]);

function unknownField(name: string): string {
  const guess = nearest(name, new Set(fieldNames(AlertConfig)));
  return `there is no such field${guess === null || guess === name ? "" : `; did you mean ${guess}?`}`;
}

/** The messages of the schema begin with "must" or "is"; those of valibot only name a type. */
function wordsOf({ message, expected }: Issue): string {
  if (!message.startsWith("Invalid")) return message;
  const words: Record<string, string> = { string: "a text in quotes", number: "a number", boolean: "true or false", Object: "an object" };
  const plain = (expected ?? "").replace(/\b(string|number|boolean|Object)\b/g, (type) => words[type] ?? type);
  return `must be ${plain.replace(/[()]/g, "").replaceAll(" | ", " or ")}`;
}

/** valibot takes a list for an object without fields. */
function listsIn(given: unknown, parsed: unknown, path: Key[] = []): Wrong[] {
  if (typeof given !== "object" || given === null || typeof parsed !== "object" || parsed === null) return [];
  if (Array.isArray(given) !== Array.isArray(parsed)) return [{ path, what: "must be an object" }];
  const inside = new Map(Object.entries(parsed));
  return Object.entries(given).flatMap(([key, one]) => listsIn(one, inside.get(key), [...path, Array.isArray(given) ? Number(key) : key]));
}

/** The names of all fields of a schema, for a suggestion. */
function fieldNames(schema: unknown): string[] {
  if (typeof schema !== "object" || schema === null) return [];
  const { entries, wrapped, options, item, value } = schema as Record<string, unknown>;
  const own = typeof entries === "object" && entries !== null ? Object.entries(entries) : [];
  const nested = [wrapped, item, value, ...(Array.isArray(options) ? options : [])];
  return [...own.flatMap(([name, one]) => [name, ...fieldNames(one)]), ...nested.flatMap(fieldNames)];
}
