// The body of a webhook: the documented JSON, the form of a known receiver, or a template of the user. Pure.
import type { WebhookConfig } from "../config/config.ts";
import type { AlertMessage } from "../message.ts";
import { eventLines, titleOf, worstOf } from "./sentence.ts";
import { filledTemplate, looksLikeJson } from "./template.ts";

export type Body = { text: string; headers: Record<string, string> };

const json = { "content-type": "application/json" };
const plain = { "content-type": "text/plain; charset=utf-8" };
/** Slack cuts longer texts, Discord refuses them, and ntfy turns them into an attachment. */
const maxSlack = 3500;
const maxDiscord = 2000;
const maxNtfyBytes = 4096;

/** Null where the body made from the template would be too long. */
export function bodyOf({ preset, template }: Pick<WebhookConfig, "preset" | "template">, message: AlertMessage): Body | null {
  if (template !== undefined) {
    const text = filledTemplate(template, message);
    return text === null ? null : { text, headers: looksLikeJson(template) ? json : plain };
  }
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
