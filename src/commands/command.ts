// What a command is: a row of the table that cac, `help` and the completion are made from.
import type { Bs9Error } from "../base/errors.ts";
import type { Style } from "../base/terminal.ts";
import type { Context } from "../context.ts";

export type Option = {
  /** As cac reads it: `-n, --name <name>`; a value in angle brackets is required. */
  flags: string;
  text: string;
  /** May be given several times. */
  repeats?: boolean;
  /** What the value may be, where that is one of a few words; for the completion. */
  values?: string[];
};

/** Values as they were typed: strings, never cast; a repeated option is an array. */
export type OptionValues = Record<string, string | boolean | string[] | undefined>;

export type Words = { words: string[]; rest: string[] | null; options: OptionValues };

export type Result = {
  /** What `--json` prints. */
  value: unknown;
  /** What `--quiet` prints. */
  names: string[];
  text(style: Style): string[];
  /** Goes to stderr after the text, the way out last. */
  hints?: string[];
  exitStatus?: number;
  /** Told on stderr after what is printed; its exit status counts. */
  error?: Bs9Error;
};

export type Command = {
  name: string;
  /** Positional words, as usage shows them. */
  synopsis: string;
  aliases?: string[];
  summary: string;
  options: Option[];
  examples: string[];
  /** Exit statuses beside 0, 2 and 70. */
  exits: number[];
  /** A command that streams prints by itself and returns null. */
  run(given: Words, context: Context): Promise<Result | null>;
};
