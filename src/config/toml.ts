// config.toml -> its settings, each with its line, and the mistakes in it; pure.
import * as v from "valibot";
import { reasonOf } from "../base/errors.ts";
import { nearest } from "../base/text.ts";
import { isTable, lineOf, readToml } from "../base/toml.ts";
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
  const read = readToml(text);
  if (read.value === null) return { given, mistakes: [{ where: `${file}:${read.line}`, field: null, what: read.reason }] };
  const complain = (path: string[], what: string) => mistakes.push({ where: `${file}:${lineOf(text, path)}`, field: path.join("."), what });
  for (const key of Object.keys(read.value))
    if (key !== section) complain([key], `there is no such ${isTable(read.value[key]) ? "section" : "key"}; only [${section}] is known`);
  const table = read.value[section];
  if (table === undefined) return { given, mistakes };
  if (!isTable(table)) complain([section], `it has to be a section, [${section}]`);
  else {
    for (const [key, value] of Object.entries(table)) {
      const setting = settings.find((one) => one.key === key);
      const valued = setting === undefined ? unknownKey(key) : readValue(setting, value);
      if (typeof valued === "string") complain([section, key], valued);
      else given.set(key, { ...valued, line: lineOf(text, [section, key]) });
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
