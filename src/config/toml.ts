// Parses config.toml to its settings, each with its line, and its errors. Pure.
import * as v from "valibot";
import { reasonOf } from "../base/errors.ts";
import { nearest } from "../base/text.ts";
import { isTable, lineOfKey, readToml } from "../base/toml.ts";
import { type Setting, sections, settingName, settings } from "./settings.ts";

export type Mistake = { where: string; field: string | null; what: string };
export type ConfiguredValue = { value: unknown; text: string; line: number };
export type ParsedConfig = { given: Map<string, ConfiguredValue>; mistakes: Mistake[] };

const shapes = { text: v.string(), "number or text": v.union([v.string(), v.number()]), truth: v.boolean() };
const shapeWords = { text: "a text in quotes", "number or text": "a number, or a text in quotes", truth: "true or false" };

/** `file` is not read: it only names the place of a mistake. */
export function parseToml(text: string, file: string): ParsedConfig {
  const mistakes: Mistake[] = [];
  const given = new Map<string, ConfiguredValue>();
  const read = readToml(text);
  if (read.value === null) return { given, mistakes: [{ where: `${file}:${read.line}`, field: null, what: read.reason }] };
  const complain = (path: string[], what: string) =>
    mistakes.push({ where: `${file}:${lineOfKey(text, path)}`, field: path.join("."), what });
  for (const [key, value] of Object.entries(read.value)) {
    const section = Object.keys(sections).find((name) => name === key);
    if (section === undefined) complain([key], `there is no such ${isTable(value) ? "section" : "key"}; only ${known} are known`);
    else if (!isTable(value)) complain([key], `must be a section, [${key}]`);
    else readSection(section, value);
  }
  return { given, mistakes };

  function readSection(section: string, table: Record<string, unknown>): void {
    for (const [key, value] of Object.entries(table)) {
      const setting = settings.find((one) => one.section === section && one.key === key);
      const valued = setting === undefined ? unknownKey(section, key) : readValue(setting, value);
      if (typeof valued === "string") complain([section, key], valued);
      else if (setting !== undefined) given.set(settingName(setting), { ...valued, line: lineOfKey(text, [section, key]) });
    }
  }
}

const known = Object.keys(sections)
  .map((name) => `[${name}]`)
  .join(", ")
  .replace(/, (?=[^,]+$)/, " and ");

/** The value, or a description of the error. */
function readValue(setting: Setting, value: unknown): { value: unknown; text: string } | string {
  const shape = v.safeParse(shapes[setting.kind], value);
  if (!shape.success) return `must be ${shapeWords[setting.kind]}, such as ${JSON.stringify(setting.example)}`;
  const text = String(shape.output);
  try {
    return { value: setting.parse(text, setting.key), text };
  } catch (error) {
    return reasonOf(error);
  }
}

function unknownKey(section: string, key: string): string {
  const guess = nearest(
    key,
    settings.filter((one) => one.section === section).map((one) => one.key),
  );
  return `there is no such key${guess === null ? "" : `; did you mean '${guess}'?`}`;
}
