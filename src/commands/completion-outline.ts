// Derives from the table of commands which words are possible at each position of a command line. The completion uses it.
import type { Command, Option } from "./command.ts";
import { globalOptions } from "./global-options.ts";

/** The words that are possible at one position: these words, names of services, names of files. */
export type WordCandidates = { words: string[]; services: boolean; files: boolean };

export type OptionOutline = {
  letter: string | null;
  long: string;
  text: string;
  /** The possible values; null for an option without a value. */
  value: WordCandidates | null;
};

export type CommandOutline = {
  name: string;
  aliases: string[];
  summary: string;
  options: OptionOutline[];
  place: WordCandidates;
  /** True if the command takes several positional words. */
  many: boolean;
};

export type Outline = { commands: CommandOutline[]; globals: OptionOutline[] };

export function outlineOf(commands: Command[]): Outline {
  const outlines = commands.map(commandOutline);
  const names = outlines.map(({ name }) => name);
  const place = { words: names, services: false, files: false };
  const help = { name: "help", aliases: [], summary: "usage, options and examples of a command", options: [], place, many: false };
  return { commands: [...outlines, help], globals: globalOptions.map(optionOutline) };
}

export function wordsOf({ name, aliases }: CommandOutline): string[] {
  return [name, ...aliases];
}

/** The forms in which an option can be typed: `-n` and `--name`. */
export function flagsOf({ letter, long }: OptionOutline): string[] {
  return letter === null ? [`--${long}`] : [`-${letter}`, `--${long}`];
}

function commandOutline({ name, aliases = [], summary, options, synopsis }: Command): CommandOutline {
  const words = /^[a-z]+(?:\|[a-z]+)+$/.test(synopsis) ? synopsis.split("|") : [];
  const isTarget = /\bTARGET\b/.test(synopsis);
  return {
    name,
    aliases,
    summary,
    options: options.map(optionOutline),
    place: {
      words: isTarget ? ["all"] : words,
      services: isTarget || /\bNAME\b/.test(synopsis),
      files: /\b(?:ENTRY|PATH|FILE)\b/.test(synopsis),
    },
    many: /TARGET…/.test(synopsis),
  };
}

function optionOutline({ flags, text, values = [] }: Option): OptionOutline {
  const [, letter, long = "", valueName] = /^(?:-(\w), )?--([\w-]+)(?: <(.+)>)?$/.exec(flags) ?? [];
  const place = { words: values, services: valueName === "service", files: /^(?:file|directory|path)$/.test(valueName ?? "") };
  return { letter: letter ?? null, long, text, value: valueName === undefined ? null : place };
}
