// Splits a written line into its level, its message, and the other fields of a JSON line.
import * as v from "valibot";

/** From the least to the most severe. */
export const levels = ["trace", "debug", "info", "warn", "error", "fatal"] as const;
export type LogLevel = (typeof levels)[number];

export type Levelled = { level: LogLevel; message: string; fields: Record<string, unknown> };

/** syslog(3): emerg, alert, crit, err, warning, notice, info, debug. */
const byPriority: LogLevel[] = ["fatal", "fatal", "fatal", "error", "warn", "info", "info", "debug"];

/** Longer lines are shown as they are, because parsing a megabyte of JSON for one log line costs too much. */
const maxJsonLength = 64 * 1024;
/** A word that names the level is looked for at the beginning of the line only. */
const maxHeadLength = 200;

/**
 * A `<N>` prefix comes first (journald has turned it into a priority; null means none), then a JSON `level`, then a leading
 * word such as ERROR. A line without any of these is `info`.
 */
export function levelOf(priority: number | null, message: string): Levelled {
  const said = priority === null ? undefined : byPriority[priority];
  const json = jsonLine(message);
  if (json !== null) return { level: said ?? json.level ?? "info", message: json.message ?? message, fields: json.fields };
  return { level: said ?? leadingLevel(message) ?? "info", message, fields: {} };
}

/** A level as a word (`WARN`, `warning`) or as a number of pino and bunyan, 10 to 60. */
export function levelNamed(value: unknown): LogLevel | undefined {
  if (typeof value === "number" && Number.isFinite(value))
    return levels[Math.min(levels.length - 1, Math.max(0, Math.floor(value / 10) - 1))];
  return typeof value === "string" && value.length <= 12 ? words.get(value.toLowerCase()) : undefined;
}

const words = new Map<string, LogLevel>([
  ["trace", "trace"],
  ["verbose", "debug"],
  ["silly", "debug"],
  ["debug", "debug"],
  ["info", "info"],
  ["information", "info"],
  ["notice", "info"],
  ["log", "info"],
  ["warn", "warn"],
  ["warning", "warn"],
  ["err", "error"],
  ["error", "error"],
  ["severe", "error"],
  ["crit", "fatal"],
  ["critical", "fatal"],
  ["alert", "fatal"],
  ["emerg", "fatal"],
  ["emergency", "fatal"],
  ["fatal", "fatal"],
  ["panic", "fatal"],
]);

const Line = v.record(v.string(), v.unknown());

function jsonLine(text: string): { level: LogLevel | undefined; message: string | undefined; fields: Record<string, unknown> } | null {
  if (!text.startsWith("{") || !text.trimEnd().endsWith("}") || text.length > maxJsonLength) return null;
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    return null;
  }
  const line = v.safeParse(Line, parsed);
  if (!line.success) return null;
  // valibot leaves out `__proto__`, `constructor` and `prototype`.
  const { level, msg, message, ...rest } = line.output;
  const named = levelNamed(level);
  const said = typeof msg === "string" ? "msg" : typeof message === "string" ? "message" : null;
  // Values that did not become the level or the message of the line stay fields.
  const fields = {
    ...(level !== undefined && named === undefined ? { level } : {}),
    ...(msg !== undefined && said !== "msg" ? { msg } : {}),
    ...(message !== undefined && said !== "message" ? { message } : {}),
    ...rest,
  };
  return { level: named, message: said === null ? undefined : String(said === "msg" ? msg : message), fields };
}

// A date, a time or a process id in brackets may come first. No two parts of the pattern match the same text, so it takes
// linear time.
const stamp =
  /^(?:\[?\d{4}[-/]\d\d[-/]\d\d(?:[T ]\d\d:\d\d:\d\d(?:[.,]\d{1,9})?)?(?:Z| ?[+-]\d\d:?\d\d)?\]?|\[?\d\d:\d\d:\d\d(?:[.,]\d{1,9})?\]?|\[?\d{1,10}\]?)[\s|-]{0,3}/;
// A word in capitals is a level wherever it stands alone; other words need brackets or a colon, because `error` may begin a
// sentence.
const capitals =
  /^(?:(TRACE|VERBOSE|DEBUG|INFO|NOTICE|WARN|WARNING|ERR|ERROR|SEVERE|CRIT|CRITICAL|ALERT|EMERG|FATAL|PANIC)(?![A-Za-z0-9_.=-]))/;
const marked = /^(?:\[ ?([A-Za-z]{3,11}) {0,2}\]|<([A-Za-z]{3,11})>|([A-Za-z]{3,11}):(?=\s|$))/;
// An error that ends a JavaScript or Python program: `TypeError: …`, `Uncaught ReferenceError: …`.
const thrown = /^(?:Uncaught )?(?:[A-Z][A-Za-z]{0,40})?(?:Error|Exception)(?: \[[A-Z_]{1,40}\])?: /;

function leadingLevel(text: string): LogLevel | undefined {
  let head = Bun.stripANSI(text.slice(0, maxHeadLength)).trimStart();
  for (let stamps = 0; stamps < 3; stamps++) {
    const word = capitals.exec(head)?.[1];
    if (word !== undefined) return words.get(word.toLowerCase());
    const mark = marked.exec(head);
    const named = words.get((mark?.[1] ?? mark?.[2] ?? mark?.[3] ?? "").toLowerCase());
    if (named !== undefined) return named;
    if (thrown.test(head)) return "error";
    const rest = head.replace(stamp, "");
    if (rest === head) return undefined;
    head = rest;
  }
  return undefined;
}
