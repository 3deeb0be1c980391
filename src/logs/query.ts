// Filters lines (`--grep`, `--level`), and defines what a line is after it is read.
import { reasonOf, usage } from "../base/errors.ts";
import { nearest } from "../base/text.ts";
import { type LogLevel, levelNamed, levelOf, levels } from "./level.ts";

/** A line as a backend returns it. */
export type RawLine = {
  atMs: number;
  service: string;
  /** `bs9` marks reports of the backend about the service; null where the stream is unknown. */
  stream: "stdout" | "stderr" | "bs9" | null;
  priority: number | null;
  message: string;
};

export type LogQuery = {
  services: string[];
  lines: number | null;
  sinceMs: number | null;
  untilMs: number | null;
  follow: boolean;
  /** If true, only the reports of bs9 and systemd about the services are returned, not the lines that the services write. */
  eventsOnly?: boolean;
  /** With `follow`: called once the existing lines have been yielded, so that from now on only new lines come. */
  caughtUp?: () => void;
  /** Longer messages are cut while they are read, so that long lines do not fill the memory. */
  maxMessageLength?: number;
  /** `lines` counts only the records that this accepts, so that the last 50 errors are 50 errors. */
  accept?: (record: RawLine) => boolean;
};

/** The line with its message cut. The copy through bytes frees the long text, which a slice would keep alive. */
export function cutLine<T extends RawLine>(line: T, maxLength = Number.POSITIVE_INFINITY): T {
  if (line.message.length <= maxLength) return line;
  return { ...line, message: Buffer.from(line.message.slice(0, maxLength)).toString("utf8") };
}

/** A line of `logs --json`. */
export type LogLine = {
  /** ISO 8601 UTC with milliseconds. */
  at: string;
  service: string;
  stream: RawLine["stream"];
  level: LogLevel;
  message: string;
  fields: Record<string, unknown>;
};

export function logLineOf(raw: RawLine): LogLine {
  return { at: new Date(raw.atMs).toISOString(), service: raw.service, stream: raw.stream, ...levelOf(raw.priority, raw.message) };
}

/** Makes the filter of `--grep` and `--level`. Throws a usage error for an invalid pattern or an unknown level. */
export function lineFilter(asked: { grep?: string; level?: string }): (raw: RawLine) => boolean {
  const matches = asked.grep === undefined ? () => true : grep(asked.grep);
  const least = asked.level === undefined ? 0 : levels.indexOf(levelAsked(asked.level));
  return (raw) => (least === 0 || levels.indexOf(levelOf(raw.priority, raw.message).level) >= least) && matches(raw.message);
}

/** The part of a line that is searched, because a pattern with several `.*` takes at least cubic time. */
const maxSearched = 4096;
const maxSearchMs = 250;

/**
 * JavaScriptCore backtracks, and gives up a match only after half a second or more. So the search ends at the first line on
 * which the pattern is that slow: a million such lines would take days.
 */
function grep(pattern: string): (message: string) => boolean {
  let expression: RegExp;
  try {
    expression = new RegExp(pattern);
  } catch (error) {
    throw usage(`--grep '${pattern}' is not a valid regular expression: ${reasonOf(error).replace(/^Invalid regular expression: /, "")}`, {
      hint: "put \\ before ( ) [ ] { } . * + ? | ^ $ to find the character itself",
    });
  }
  return (message) => {
    const text = Bun.stripANSI(message.slice(0, maxSearched));
    const startedMs = performance.now();
    const found = expression.test(text);
    if (performance.now() - startedMs > maxSearchMs) {
      throw usage(`--grep '${pattern}' takes too long: one line alone took ${Math.round(performance.now() - startedMs)} ms`, {
        hint: "avoid a repetition within a repetition, such as (a+)+",
      });
    }
    return found;
  };
}

function levelAsked(text: string): LogLevel {
  const level = levelNamed(text);
  if (level !== undefined) return level;
  const meant = nearest(text.toLowerCase(), levels);
  throw usage(`--level must be one of ${levels.join(", ")} (got '${text}')`, meant === null ? {} : { hint: `--level ${meant}` });
}
