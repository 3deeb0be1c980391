// The table of commands, read for what may stand where: what completion answers from.
import type { Command, Option } from "./command.ts";
import { globalOptions } from "./global-options.ts";

/** What may stand in a place. */
export type WordCandidates = { words: string[]; services: boolean; files: boolean };

export type OptionOutline = { letter: string | null; long: string; text: string /** Null for a flag. */; value: WordCandidates | null };

export type CommandOutline = {
  name: string;
  aliases: string[];
  summary: string;
  options: OptionOutline[];
  place: WordCandidates;
  /** Whether more than one positional word may follow. */
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

/** As they are typed: `-n` and `--name`. */
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
  const [, letter, long = "", placeholder] = /^(?:-(\w), )?--([\w-]+)(?: <(.+)>)?$/.exec(flags) ?? [];
  const place = { words: values, services: placeholder === "service", files: /^(?:file|folder|path)$/.test(placeholder ?? "") };
  return { letter: letter ?? null, long, text, value: placeholder === undefined ? null : place };
}
