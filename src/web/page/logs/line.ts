// One log line. Its text is only ever a text node, whatever it looks like.
import type { LogLine } from "../../../logs/query.ts";
import { elementOf } from "../base/dom.ts";
import { clockText, dayText } from "../base/words.ts";
import { styledParts } from "./ansi.ts";

const maxValueLength = 300;
const maxFields = 20;
/** Services are told apart by one of these colours, and by their name. */
const serviceTones = 6;

export function logLine(line: LogLine, { sought, withService }: { sought: string; withService: boolean }): HTMLElement {
  const { at, service, level, message, fields, stream } = line;
  const atMs = Date.parse(at);
  return elementOf(
    "div",
    { class: "line", "data-level": level, "data-at": at },
    elementOf("time", { datetime: at, title: `${dayText(atMs)} ${clockText(atMs, true)}` }, clockText(atMs, true)),
    withService ? elementOf("span", { class: `of service-${toneOf(service)}` }, service) : null,
    elementOf("span", { class: "level", title: level }, stream === "bs9" ? "•" : level.charAt(0).toUpperCase()),
    elementOf("span", { class: "text" }, ...textOf(message, sought), ...fieldsOf(fields, sought)),
  );
}

function textOf(message: string, sought: string): Node[] {
  return styledParts(message).flatMap(({ text, style }) => {
    const nodes = marked(text, sought);
    return style === "" ? nodes : [elementOf("span", { class: style }, ...nodes)];
  });
}

function fieldsOf(fields: Record<string, unknown>, sought: string): Node[] {
  return Object.entries(fields)
    .slice(0, maxFields)
    .map(([key, value]) => {
      const text = (typeof value === "string" ? value : JSON.stringify(value)).slice(0, maxValueLength);
      return elementOf(
        "span",
        { class: "field" },
        ` ${styledParts(key)
          .map((part) => part.text)
          .join("")}=`,
        ...textOf(text, sought),
      );
    });
}

/** Marks what was sought, without regard to upper and lower case, as the server finds it. */
function marked(text: string, sought: string): Node[] {
  if (sought === "") return [document.createTextNode(text)];
  const [lower, wanted] = [text.toLowerCase(), sought.toLowerCase()];
  const nodes: Node[] = [];
  let at = 0;
  // A text may change its length in lower case; then no place in it is certain.
  let found = lower.length === text.length ? lower.indexOf(wanted) : -1;
  while (found !== -1) {
    nodes.push(document.createTextNode(text.slice(at, found)), elementOf("mark", {}, text.slice(found, found + wanted.length)));
    at = found + wanted.length;
    found = lower.indexOf(wanted, at);
  }
  nodes.push(document.createTextNode(text.slice(at)));
  return nodes;
}

function toneOf(service: string): number {
  let hash = 0;
  for (const letter of service) hash = (hash * 31 + letter.charCodeAt(0)) % 9973;
  return hash % serviceTones;
}
