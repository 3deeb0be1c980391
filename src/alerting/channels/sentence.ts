// The words of a message for people: a title, and one line for each event. Pure.
import type { AlertEvent, AlertMessage } from "../message.ts";

/** Removes what could end a line, hide text or control a terminal. */
export function oneLine(text: string, maxLength: number): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is replaced
  const line = text.replace(/[\x00-\x1f\x7f-\x9f\u2028\u2029\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff]+/g, " ");
  return cut(line, maxLength);
}

/** Cuts a text to a number of UTF-16 units, and never through the middle of a character. */
export function cut(text: string, maxLength: number): string {
  return text.length <= maxLength ? text : `${text.slice(0, maxLength - 1).replace(/[\ud800-\udbff]$/, "")}…`;
}

const maxTitle = 200;
const maxLine = 500;

export function titleOf({ host, events }: AlertMessage): string {
  const [only] = events;
  const what =
    only === undefined ? "test of the alert channels" : events.length > 1 ? countsOf(events) : `${only.subject} ${only.rule} ${only.kind}`;
  return oneLine(`${host}: ${what}`, maxTitle);
}

function countsOf(events: readonly AlertEvent[]): string {
  const firing = events.filter(({ kind }) => kind === "firing").length;
  const parts = [firing === 0 ? "" : `${firing} firing`, firing === events.length ? "" : `${events.length - firing} resolved`];
  return parts.filter((part) => part !== "").join(", ");
}

/** As many lines as fit, and then how many do not. */
export function eventLines(message: AlertMessage, maxLength: number): string {
  if (message.events.length === 0)
    return cut(`This is a test of the alert channels of bs9 on ${oneLine(message.host, maxLine)}.`, maxLength);
  const lines: string[] = [];
  let length = 0;
  for (const [i, event] of message.events.entries()) {
    const line = lineOf(event);
    const rest = message.events.length - i;
    const more = `… and ${rest} more`;
    const isLast = rest === 1;
    if (length + line.length + (isLast ? 0 : more.length + 1) > maxLength) {
      lines.push(lines.length === 0 ? cut(line, maxLength) : more);
      break;
    }
    lines.push(line);
    length += line.length + 1;
  }
  return lines.join("\n");
}

function lineOf({ kind, severity, subject, sentence }: AlertEvent): string {
  const state = kind === "resolved" ? "RESOLVED" : severity.toUpperCase();
  return oneLine(`${state} ${subject}: ${sentence}`, maxLine);
}

/** The severity of the worst event that fires; null if all are resolved. */
export function worstOf(events: readonly AlertEvent[]): AlertEvent["severity"] | null {
  const firing = events.filter(({ kind }) => kind === "firing");
  if (firing.length === 0) return null;
  return firing.some(({ severity }) => severity === "critical") ? "critical" : "warning";
}
