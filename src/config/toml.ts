// config.toml -> its settings, each with its line, and the mistakes in it; pure.
import * as v from "valibot";
import { reasonOf } from "../base/errors.ts";
import { nearest } from "../base/text.ts";
import { parsers } from "../service/values.ts";
import { type Setting, settings } from "./settings.ts";

export type Mistake = { where: string; field: string | null; what: string };
export type Given = { value: unknown; text: string; line: number };
export type Parsed = { given: Map<string, Given>; mistakes: Mistake[] };

const section = "start";

const shapes = { text: v.string(), "number or text": v.union([v.string(), v.number()]), truth: v.boolean() };
const shapeWords = { text: "a text in quotes", "number or text": "a number, or a text in quotes", truth: "true or false" };

/** `file` only names the places. */
export function parseToml(text: string, file: string): Parsed {
  const mistakes: Mistake[] = [];
  const given = new Map<string, Given>();
  const tried = tryParse(text);
  if (tried.value === null) {
    const where = `${file}:${brokenLine(text)}`;
    return { given, mistakes: [{ where, field: null, what: tried.reason.replace(/^TOML Parse error: /, "") }] };
  }
  const complain = (path: string[], what: string) => mistakes.push({ where: `${file}:${lineOf(text, path)}`, field: path.join("."), what });
  for (const key of Object.keys(tried.value))
    if (key !== section) complain([key], `there is no such ${isTable(tried.value[key]) ? "section" : "key"}; only [${section}] is known`);
  const table = tried.value[section];
  if (table === undefined) return { given, mistakes };
  if (!isTable(table)) complain([section], `it has to be a section, [${section}]`);
  else {
    for (const [key, value] of Object.entries(table)) {
      const setting = settings.find((one) => one.key === key);
      const read = setting === undefined ? unknownKey(key) : readValue(setting, value);
      if (typeof read === "string") complain([section, key], read);
      else given.set(key, { ...read, line: lineOf(text, [section, key]) });
    }
  }
  return { given, mistakes };
}

/** The value, or what is wrong with it. */
function readValue(setting: Setting, value: unknown): { value: unknown; text: string } | string {
  const shape = v.safeParse(shapes[setting.kind], value);
  if (!shape.success) return `it has to be ${shapeWords[setting.kind]}, such as ${JSON.stringify(setting.example)}`;
  const text = String(shape.output);
  try {
    return { value: parsers[setting.field](text, setting.key), text };
  } catch (error) {
    return reasonOf(error);
  }
}

function unknownKey(key: string): string {
  const guess = nearest(
    key,
    settings.map((one) => one.key),
  );
  return `there is no such key${guess === null ? "" : `; did you mean '${guess}'?`}`;
}

function tryParse(text: string): { value: Record<string, unknown>; reason: "" } | { value: null; reason: string } {
  try {
    return { value: v.parse(v.record(v.string(), v.unknown()), Bun.TOML.parse(text)), reason: "" };
  } catch (error) {
    return { value: null, reason: reasonOf(error) };
  }
}

/** Bun names no line: what ends before the mistake can be parsed, what ends behind it cannot. */
function brokenLine(text: string): number {
  const lines = text.split("\n");
  for (let count = lines.length - 1; count > 0; count--) {
    if (tryParse(lines.slice(0, count).join("\n")).value !== null) return count + 1;
  }
  return 1;
}

/** The line on which a key begins: the first one with which it is there. */
function lineOf(text: string, path: string[]): number {
  const lines = text.split("\n");
  let begin = 1;
  for (let count = 1; count <= lines.length; count++) {
    const { value } = tryParse(lines.slice(0, count).join("\n"));
    if (value === null) continue;
    if (has(value, path)) return begin;
    begin = count + 1;
  }
  return 1;
}

function has(value: unknown, path: string[]): boolean {
  const [first, ...rest] = path;
  if (first === undefined) return true;
  return isTable(value) && Object.hasOwn(value, first) && has(value[first], rest);
}

function isTable(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
