// A template of the user for the body of a webhook. Pure.
import type { AlertMessage } from "../message.ts";
import { cut, eventLines, oneLine, titleOf, worstOf } from "./sentence.ts";

export const maxTemplated = 64 * 1024;
const maxValue = 8000;

/** What a template may name, between `{{` and `}}`, beside `json`. */
const values: Record<string, (message: AlertMessage) => string> = {
  id: ({ id }) => id,
  host: ({ host }) => oneLine(host, maxValue),
  at: ({ atMs }) => new Date(atMs).toISOString(),
  title: titleOf,
  text: (message) => eventLines(message, maxValue),
  count: ({ events }) => String(events.length),
  severity: ({ events }) => worstOf(events) ?? "resolved",
  subjects: ({ events }) => cut([...new Set(events.map(({ subject }) => subject))].join(", "), maxValue),
};

const templateField = /\{\{\s*([^{}]{0,64}?)\s*\}\}/g;

/**
 * In a template that is JSON, a value becomes the content of a JSON string. `{{json}}` is the whole message as a value, with as many of
 * its events as have room. Null where the body would be too long in spite of that.
 */
export function filledTemplate(template: string, message: AlertMessage): string | null {
  const { events } = message;
  for (let count = events.length; ; count = Math.floor(count / 2)) {
    const text = filledWith(template, message, JSON.stringify({ ...message, events: events.slice(0, count) }));
    if (text !== null || count <= 1) return text;
  }
}

/** The length is computed first, because a template can name a long value a thousand times. */
function filledWith(template: string, message: AlertMessage, json: string): string | null {
  const isJson = looksLikeJson(template);
  const filled = new Map(
    Object.entries(values).map(([name, of]) => [name, isJson ? JSON.stringify(of(message)).slice(1, -1) : of(message)]),
  );
  filled.set("json", json);
  const textFor = (name: string) => filled.get(name) ?? "";
  const named = [...template.matchAll(templateField)];
  const length = named.reduce((sum, [field, name = ""]) => sum + textFor(name).length - field.length, template.length);
  return length > maxTemplated ? null : template.replace(templateField, (_, name: string) => textFor(name));
}

export const looksLikeJson = (template: string): boolean => /^\s*(\{(?!\{)|\[|\{\{\s*json\s*\}\}\s*$)/.test(template);

/** What a template must be, where it is something else; null if nothing is wrong with it. */
export function mistakeInTemplate(template: string): string | null {
  for (const [, name = ""] of template.matchAll(templateField)) {
    if (name !== "json" && !Object.hasOwn(values, name))
      return `must not name {{${name}}}; it can name ${[...Object.keys(values), "json"].map((one) => `{{${one}}}`).join(", ")}`;
  }
  if (!looksLikeJson(template)) return null;
  try {
    JSON.parse(filledTemplate(template, { version: 1, id: "0", host: "h", atMs: 0, events: [] }) ?? "");
    return null;
  } catch {
    return "must be JSON once its values are filled in, because it begins as JSON; put quotes around each {{…}} except {{json}}";
  }
}
