// Splits the text of a log line into parts with the colours that it asks for. Every other control sequence is left out, and other
// control characters become visible. Pure.
import { harmless } from "../../../base/text.ts";

/** `style` is the list of class names. */
export type StyledText = { text: string; style: string };

// biome-ignore lint/suspicious/noControlCharactersInRegex: control sequences are what is looked for
const sequence = /\x1b\[([0-9;]*)m|\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b[@-Z\\-_]/g;
const maxParts = 500;

export function styledParts(message: string): StyledText[] {
  const parts: StyledText[] = [];
  let style = "";
  let at = 0;
  for (const match of message.matchAll(sequence)) {
    if (parts.length >= maxParts) break;
    add(parts, message.slice(at, match.index), style);
    at = match.index + match[0].length;
    if (match[1] !== undefined) style = styleAfter(style, match[1]);
  }
  add(parts, message.slice(at), style);
  return parts;
}

function add(parts: StyledText[], text: string, style: string): void {
  if (text !== "") parts.push({ text: text.split("\n").map(harmless).join("\n"), style });
}

/** The 16 colours of a terminal, bold and dim; the style sheet gives them colours that can be read. */
function styleAfter(before: string, codes: string): string {
  const style = new Set(before.split(" ").filter((name) => name !== ""));
  const list = codes.split(";").map(Number);
  for (let i = 0; i < list.length; i++) {
    const code = list[i] ?? 0;
    if (code === 0) style.clear();
    else if (code === 1) style.add("bold");
    else if (code === 2) style.add("faint");
    else if (code === 22) for (const name of ["bold", "faint"]) style.delete(name);
    else if ((code >= 30 && code <= 37) || (code >= 90 && code <= 97)) colour(style, code % 10);
    else if (code === 39) colour(style, null);
    // Colours of the 256 and of the millions have parameters of their own, which are no codes.
    else if (code === 38 || code === 48) i += list[i + 1] === 5 ? 2 : 4;
  }
  return [...style].join(" ");
}

function colour(style: Set<string>, number: number | null): void {
  for (const name of [...style]) if (name.startsWith("ansi-")) style.delete(name);
  if (number !== null) style.add(`ansi-${number}`);
}
