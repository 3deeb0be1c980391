// Parses TOML and finds the lines of its keys, which Bun's parser does not report.
import * as v from "valibot";
import { reasonOf } from "./errors.ts";

export type TomlTable = Record<string, unknown>;
export type ReadToml = { value: TomlTable } | { value: null; line: number; reason: string };

/** The value, or the line and the reason of a syntax error. */
export function readToml(text: string): ReadToml {
  const { value, reason } = tryParse(text);
  return value === null ? { value, line: brokenLine(text), reason: reason.replace(/^TOML Parse error: /, "") } : { value };
}

function tryParse(text: string): { value: TomlTable; reason: "" } | { value: null; reason: string } {
  try {
    return { value: v.parse(v.record(v.string(), v.unknown()), Bun.TOML.parse(text)), reason: "" };
  } catch (error) {
    return { value: null, reason: reasonOf(error) };
  }
}

/** Bun reports no line: text that ends before the error can be parsed, text that ends after it cannot. */
function brokenLine(text: string): number {
  const lines = text.split("\n");
  for (let count = lines.length - 1; count > 0; count--) {
    if (tryParse(lines.slice(0, count).join("\n")).value !== null) return count + 1;
  }
  return 1;
}

/** The line on which a key begins: the first line with which the key exists. */
export function lineOfKey(text: string, path: string[]): number {
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

export function isTable(value: unknown): value is TomlTable {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
