// The type of a command: a row of the table from which cac, `help` and the completion are made.
import type { Bs9Error } from "../base/errors.ts";
import type { Style } from "../base/terminal.ts";
import type { Context } from "../context.ts";

export type Option = {
  /** In the syntax of cac, such as `-n, --name <name>`; a value in angle brackets is required. */
  flags: string;
  text: string;
  /** True if the option may be given several times. */
  repeats?: boolean;
  /** The possible values, if there are only a few; the completion offers them. */
  values?: string[];
};

/** Option values as they were typed: strings, never converted. A repeated option is an array, a flag is a boolean. */
export type OptionValues = Record<string, string | boolean | string[] | undefined>;

export type Words = { words: string[]; rest: string[] | null; options: OptionValues };

export type Result = {
  /** What `--json` prints. */
  value: unknown;
  /** What `--quiet` prints. */
  names: string[];
  text(style: Style): string[];
  /** Lines that are printed on stderr after the text; the last one suggests a command line that helps. */
  hints?: string[];
  exitStatus?: number;
  /** An error that is printed on stderr after the result; its exit status replaces `exitStatus`. */
  error?: Bs9Error;
};

export type Command = {
  name: string;
  /** The positional words, as the usage line shows them. */
  synopsis: string;
  aliases?: string[];
  summary: string;
  options: Option[];
  examples: string[];
  /** The exit statuses other than 0, 2 and 70, which every command may have. */
  exits: number[];
  /** Runs the command. A command that prints its output while it runs returns null. */
  run(given: Words, context: Context): Promise<Result | null>;
};
