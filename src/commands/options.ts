// Functions that read option values. Each throws a usage error that names the option.
import * as v from "valibot";
import { usage } from "../base/errors.ts";
import type { OptionValues } from "./command.ts";

/** The value of an option that may be given once; undefined if it was not given. */
export function textOf(options: OptionValues, name: string): string | undefined {
  const value = options[name];
  if (Array.isArray(value)) throw usage(`--${dashed(name)} is given more than once`);
  return typeof value === "string" ? value : undefined;
}

/** The values of an option that may be repeated; empty if it was not given. */
export function listOf(options: OptionValues, name: string): string[] {
  const value = options[name];
  if (value === undefined || typeof value === "boolean") return [];
  return Array.isArray(value) ? value : [value];
}

export function flagOf(options: OptionValues, name: string): boolean {
  return options[name] === true;
}

/** The value of an option that must be one of these words; undefined if it was not given. */
export function choiceOf<const T extends string>(options: OptionValues, name: string, words: readonly T[]): T | undefined {
  const value = textOf(options, name);
  if (value === undefined) return undefined;
  const parsed = v.safeParse(v.picklist(words), value);
  if (!parsed.success) throw usage(`--${dashed(name)} must be one of ${words.join(", ")} (got '${value}')`);
  return parsed.output;
}

export function parsed<T>(options: OptionValues, name: string, parse: (text: string, what: string) => T): T | undefined {
  const value = textOf(options, name);
  return value === undefined ? undefined : parse(value, `--${dashed(name)}`);
}

export function dashed(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}
