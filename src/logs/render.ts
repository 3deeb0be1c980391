// Formats log lines as text for people, `name | line`, and as JSON lines for programs.
import { localTime } from "../base/quantities.ts";
import { harmless } from "../base/text.ts";
import { type LogLevel, levelOf } from "./level.ts";
import { logLineOf, type RawLine } from "./query.ts";

const reset = "\x1b[0m";
/** Red, yellow and green are left out, because they have a meaning. Used are cyan, magenta, blue, and their bright variants. */
const serviceColours = ["\x1b[36m", "\x1b[35m", "\x1b[34m", "\x1b[96m", "\x1b[95m", "\x1b[94m"];
const levelColours: Partial<Record<LogLevel, string>> = { warn: "\x1b[33m", error: "\x1b[31m", fatal: "\x1b[31m" };

const dim = "\x1b[2m";

export type LogLook = {
  colour: boolean;
  /** Puts the local time in front of each line. */
  time: boolean;
};

/**
 * Returns a function that formats a line as the service wrote it, after the local time and, where there are several services,
 * after the name. Each service has its own colour, the same in every run.
 */
export function textLines(services: string[], { colour, time }: LogLook): (raw: RawLine) => string {
  const width = Math.max(0, ...services.map((name) => name.length));
  const prefixOf = (name: string): string => {
    if (services.length < 2) return "";
    const padded = `${name.padEnd(width)} | `;
    return colour ? `${serviceColours[hash(name) % serviceColours.length]}${padded}${reset}` : padded;
  };
  const prefixes = new Map(services.map((name) => [name, prefixOf(name)]));
  return (raw) => {
    const at = time ? `${localTime(raw.atMs)} ` : "";
    const prefix = (colour && time ? `${dim}${at}${reset}` : at) + (prefixes.get(raw.service) ?? prefixOf(raw.service));
    const tint = colour ? levelColours[levelOf(raw.priority, raw.message).level] : undefined;
    const said = raw.stream === "bs9" ? `bs9: ${raw.message}` : raw.message;
    return said
      .replace(/[\r\n]+$/, "")
      .split(/\r?\n/)
      .map((line) => prefix + (colour ? coloured(line, tint) : harmless(line.replace(sgr, ""))))
      .join("\n");
  };
}

/** One JSON object per line: at, service, stream, level, message, fields. */
export function jsonLine(raw: RawLine): string {
  // JSON.stringify escapes control characters, but not U+2028 and U+2029, which many readers take for the end of a line.
  return JSON.stringify(logLineOf(raw)).replace(/[\u2028\u2029\x7f-\x9f]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

/** Select Graphic Rendition (ECMA-48): the only control sequence that merely changes how text looks. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
const sgr = /\x1b\[[0-9;:]{0,64}m/g;

function coloured(line: string, tint: string | undefined): string {
  const parts = line.split(sgr);
  // A line with its own colours keeps them, and the reset after it stops them from colouring the next line.
  if (parts.length === 1) return tint === undefined ? harmless(line) : `${tint}${harmless(line)}${reset}`;
  const marks = line.match(sgr) ?? [];
  return `${parts.map((part, i) => harmless(part) + (marks[i] ?? "")).join("")}${reset}`;
}

// FNV-1a, 32 bits.
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (const byte of Buffer.from(text)) value = Math.imul(value ^ byte, 0x01000193) >>> 0;
  return value;
}
