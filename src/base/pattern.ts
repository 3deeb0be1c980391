// Regular expressions that stay on while others write the lines: RE2 takes time in proportion to the line, where JavaScript's
// engine backtracks, and can take longer than a life for one line.
import { reasonOf, usage } from "./errors.ts";

/** The part of a line that is searched. */
export const maxPatternLine = 4096;
export const maxPatternLength = 500;
/** RE2 repeats a part as often as `{…}` says, and its time grows with that. */
const maxSteps = 300;

/** Throws a usage error where RE2 does not understand the pattern, or where it is too large. */
export function linearPattern(pattern: string): (line: string) => boolean {
  if (pattern.length > maxPatternLength) throw usage(`must have at most ${maxPatternLength} characters`);
  const expression = compiled(pattern);
  if (expression.programSize() > maxSteps)
    throw usage(`must be simpler: its repetitions make ${expression.programSize()} steps, and ${maxSteps} are allowed`);
  return (line) => expression.test(Bun.stripANSI(line.slice(0, maxPatternLine)));
}

function compiled(pattern: string): import("re2js").RE2JS {
  // Loaded when the first pattern is used: that takes longer than most commands do. An import() would make every reader of the
  // configuration asynchronous.
  const { RE2JS } = require("re2js") as typeof import("re2js");
  try {
    return RE2JS.compile(pattern);
  } catch (error) {
    throw usage(`must be a regular expression that RE2 understands, which has no back references and no lookaround: ${whyRefused(error)}`, {
      hint: "https://github.com/google/re2/wiki/Syntax",
      cause: error,
    });
  }
}

const whyRefused = (error: unknown): string => reasonOf(error).replace(/^error parsing regexp: /, "");
