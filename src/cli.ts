// Parses argv to a command and its words and options, or throws a usage error; cac does the parsing.
import cac from "cac";
import { type Bs9Error, reasonOf, usage } from "./base/errors.ts";
import { harmless, nearest } from "./base/text.ts";
import type { Command, Option, OptionValues, Words } from "./commands/command.ts";
import { globalOptions } from "./commands/global-options.ts";
import { replacedCommand, replacedOption } from "./commands/pm2-words.ts";

export type ParsedArguments = { command: Command; given: Words; help: boolean };

/**
 * cac converts values (`007` becomes 7, `1e3` 1000), whatever type the option has. A character put in front of each value keeps
 * it a string; it is removed afterwards, so that words arrive as typed.
 */
const mark = "\u0001";

/**
 * Parses a command line. Throws a usage error that suggests what the user probably meant. `argv` does not include the program.
 */
export function parse(argv: string[], commands: Command[]): ParsedArguments {
  const at = argv.findIndex((word) => !word.startsWith("-"));
  const word = at === -1 ? undefined : argv[at];
  const command = commands.find(({ name, aliases }) => name === word || aliases?.includes(word ?? ""));
  if (command === undefined) throw unknownCommand(argv, word, commands);
  const cli = cac("bs9");
  for (const { flags, text } of globalOptions) cli.option(flags, text);
  const row = cli.command(`${command.name} [...words]`, command.summary);
  for (const { flags, text, repeats } of command.options) row.option(flags, text, repeats ? { type: [] } : {});
  const words = [...argv.slice(0, at), ...argv.slice(at + 1)];
  const options = [...command.options, ...globalOptions];
  let given: OptionValues;
  let positional: string[];
  try {
    const parsed = cli.parse(["", "", command.name, ...marked(words, options)], { run: false });
    cli.matchedCommand?.checkOptionValue();
    given = unmarked(parsed.options);
    positional = parsed.args.map((text) => plain(String(text)));
  } catch (error) {
    throw usage(
      harmless(
        reasonOf(error)
          .replace(/^option `(.*)` value is missing$/, "$1 needs a value")
          .replaceAll(mark, ""),
      ),
      { hint: `bs9 help ${command.name}` },
    );
  }
  const unknown = Object.keys(given).find((key) => key !== "--" && !options.some((option) => keysOf(option).includes(key)));
  if (unknown !== undefined) throw unknownOption(unknown, command, options);
  const separator = words.indexOf("--");
  return {
    command,
    given: { words: positional, rest: separator === -1 ? null : words.slice(separator + 1), options: given },
    help: given["help"] === true,
  };
}

/** The names of an option in the result of cac: the long name in camel case, and the letter. */
function keysOf({ flags }: Option): string[] {
  return flags
    .replace(/[<[].*$/, "")
    .split(",")
    .map((flag) => flag.trim().replace(/^--?(no-)?/, ""))
    .map((name) => name.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase()));
}

function takesValue(flags: string): boolean {
  return flags.includes("<");
}

/** Replaces letters by long names, because cac loses one of them if both are given. */
function marked(words: string[], options: Option[]): string[] {
  const long = new Map(options.flatMap((option) => (keysOf(option).length === 2 ? [[option.flags[1], option] as const] : [])));
  const end = words.indexOf("--");
  return words.flatMap((word, i) => {
    if (end !== -1 && i >= end) return i === end ? [word] : [];
    const assigned = /^(--[^=]+=)([\s\S]*)$/.exec(word);
    if (assigned) return [`${assigned[1]}${mark}${assigned[2]}`];
    const option = /^-\w/.test(word) ? long.get(word[1]) : undefined;
    if (option === undefined) return /^-./.test(word) ? [word] : [`${mark}${word}`];
    const name = /--[\w-]+/.exec(option.flags)?.[0] ?? word;
    if (word.length === 2) return [name];
    return takesValue(option.flags) ? [`${name}=${mark}${word.slice(2)}`] : [name, ...marked([`-${word.slice(2)}`], options)];
  });
}

function unmarked(options: Record<string, unknown>): OptionValues {
  const given: OptionValues = {};
  for (const [key, value] of Object.entries(options)) {
    if (Array.isArray(value)) given[key] = value.map((one) => plain(String(one)));
    else if (typeof value === "string") given[key] = plain(value);
    else if (typeof value === "boolean") given[key] = value;
  }
  return given;
}

function plain(text: string): string {
  return text.startsWith(mark) ? text.slice(1) : text;
}

function unknownCommand(argv: string[], word: string | undefined, commands: Command[]): Bs9Error {
  if (word === undefined) return usage(`unknown option ${harmless(argv[0] ?? "")}`, { hint: "bs9 help" });
  const replaced = replacedCommand(word);
  if (replaced !== null) return usage(replaced.what, { hint: replaced.hint });
  const guess = nearest(word, [...commands.flatMap(({ name, aliases }) => [name, ...(aliases ?? [])]), "help"]);
  return usage(`unknown command '${harmless(word)}'${guess === null ? "" : `; did you mean '${guess}'?`}`, { hint: "bs9 help" });
}

function unknownOption(key: string, command: Command, options: Option[]): Bs9Error {
  const dashed = key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
  const replaced = replacedOption(dashed);
  if (replaced !== null) return usage(replaced.what, { hint: replaced.hint });
  const flags = options.flatMap(({ flags: text }) => /--[\w-]+/.exec(text)?.[0] ?? []);
  const guess = nearest(`--${dashed}`, flags);
  return usage(
    `bs9 ${command.name} has no option ${key.length === 1 ? "-" : "--"}${harmless(dashed)}${guess === null ? "" : `; did you mean ${guess}?`}`,
    { hint: `bs9 help ${command.name}` },
  );
}
