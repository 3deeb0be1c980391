// The body of a webhook: the documented JSON, the form of a known receiver, or a template of the user. Pure.
import { usage } from "../base/errors.ts";
import type { WebhookConfig } from "./config.ts";
import type { AlertMessage } from "./message.ts";
import { cut, eventLines, oneLine, titleOf, worstOf } from "./sentence.ts";

export type Body = { text: string; headers: Record<string, string> };

const json = { "content-type": "application/json" };
const plain = { "content-type": "text/plain; charset=utf-8" };
/** Slack cuts longer texts, Discord refuses them, and ntfy turns them into an attachment. */
const maxSlack = 3500;
const maxDiscord = 2000;
const maxNtfyBytes = 4096;
const maxTemplated = 64 * 1024;
const maxValue = 8000;

export function bodyOf({ preset, template }: Pick<WebhookConfig, "preset" | "template">, message: AlertMessage): Body {
  if (template !== undefined) return templated(template, message);
  if (preset === "slack") return { text: JSON.stringify({ text: slackText(message) }), headers: json };
  if (preset === "discord") {
    const content = eventLines(message, maxDiscord);
    // Without allowed_mentions a sentence with @everyone would call everybody.
    return { text: JSON.stringify({ content, allowed_mentions: { parse: [] } }), headers: json };
  }
  if (preset === "ntfy") return ntfy(message);
  return { text: JSON.stringify(message), headers: json };
}

/** Slack reads `<`, `>` and `&` as markup (api.slack.com/reference/surfaces/formatting). */
function slackText(message: AlertMessage): string {
  const text = eventLines(message, maxSlack).replace(/[&<>]/g, (sign) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;" })[sign] ?? "");
  return `*${titleOf(message).replace(/[&<>*]/g, " ")}*\n${text}`;
}

function ntfy(message: AlertMessage): Body {
  const worst = worstOf(message.events);
  const priority = worst === "critical" ? "5" : worst === "warning" ? "4" : "3";
  const tags = worst === null ? "white_check_mark" : worst === "critical" ? "rotating_light" : "warning";
  // A header holds ASCII only.
  const title = titleOf(message).replace(/[^ -~]/g, "?");
  return { text: eventLines(message, Math.floor(maxNtfyBytes / 3)), headers: { ...plain, title, priority, tags } };
}

/** What a template may name, between `{{` and `}}`. */
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

const placeholder = /\{\{\s*([^{}]{0,64}?)\s*\}\}/g;

/** In a template that is JSON, a value becomes the content of a JSON string, and `{{json}}` the whole message as a value. */
function templated(template: string, message: AlertMessage): Body {
  const isJson = looksLikeJson(template);
  const text = template.replace(placeholder, (_, name: string) => {
    if (name === "json") return JSON.stringify(message);
    const value = values[name]?.(message) ?? "";
    return isJson ? JSON.stringify(value).slice(1, -1) : value;
  });
  if (text.length > maxTemplated) throw usage(`the body made from the template has more than ${maxTemplated} characters`);
  return { text, headers: isJson ? json : plain };
}

const looksLikeJson = (template: string): boolean => /^\s*(\{(?!\{)|\[|\{\{\s*json\s*\}\}\s*$)/.test(template);

/** Says in a sentence what is wrong with a template; null if nothing is. */
export function mistakeInTemplate(template: string): string | null {
  for (const [, name = ""] of template.matchAll(placeholder)) {
    if (name !== "json" && !Object.hasOwn(values, name))
      return `the template names '{{${name}}}'; it can name ${[...Object.keys(values), "json"].map((one) => `{{${one}}}`).join(", ")}`;
  }
  if (!looksLikeJson(template)) return null;
  try {
    JSON.parse(templated(template, { version: 1, id: "0", host: "h", atMs: 0, events: [] }).text);
    return null;
  } catch {
    return "the template begins as JSON, and is not JSON once its values are filled in; put quotes around each {{…}} except {{json}}";
  }
}
