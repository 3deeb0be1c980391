// The rules of plain English that a machine can check, for comments, test titles, messages and documents. test/tidy.test.ts
// applies them.
import { type Files, textPattern } from "./tidy.ts";

/** A sentence that opens with one of these does not name its subject: the reader has to look for it in the line above. */
const openings = /^(?:of|one that|who(?:ever)?|that of|what is)(?![\w-])/i;

/** Phrases that are not common English; `there is no` and `is no longer` are. */
const phrases = [/\bknows? no\b(?! longer)/i, /\bmay not be\b/i, /\b(?:is|are) none of\b/i, /(?<!\bthere )\bis no\b(?! longer)/i];

/** A text that people read, and its offset in the file. The first words of labels in tables of tests are not checked. */
type Prose = { text: string; at: number; isLabel?: boolean };

/** Each sentence that opens without a subject, and each phrase that is not plain. */
export function unplainProse(files: Files): string[] {
  return [...files].flatMap(([path, text]) =>
    proseIn(path, text).flatMap((prose) => {
      const sentences = prose.isLabel ? [] : prose.text.split(/(?<=[.!?])\s+(?=[A-Z])/);
      const matches = [...sentences.map((sentence) => openings.exec(sentence)), ...phrases.map((phrase) => phrase.exec(prose.text))];
      const line = text.slice(0, prose.at).split("\n").length;
      return matches.flatMap((match) => (match === null ? [] : [`${path}:${line}: "${match[0]}" is not plain in: ${around(match)}`]));
    }),
  );
}

function around({ input, index }: RegExpExecArray): string {
  return input.slice(Math.max(0, index - 30), index + 60);
}

function proseIn(path: string, text: string): Prose[] {
  if (path.startsWith("test/fixtures/")) return [];
  if (/\.(?:ts|css)$/.test(path)) return found(text, codeText).flatMap((prose) => ofCode(prose, text, path.startsWith("test/")));
  if (/\.(?:sh|ya?ml|toml)$/.test(path)) return found(text, /(?<=^[ \t]*)#(?!!).*(?:\n[ \t]*#.*)*/gm).map(unmarked(/^\s*#+/gm));
  if (path.endsWith(".md")) return found(text.replace(/```[\s\S]*?```/g, blank), /[^|\n]+/g).map(unmarked(/^(?:[-*#>\s]|\d+\. )*/g));
  return [];
}

const codeText = new RegExp(`//[^\\n]*(?:\\n[ \\t]*//[^\\n]*)*|${textPattern.source}`, "g");

/** The code before the title of a test: `test(`, `describe.skip(`, or the second bracket of `test.each(…)(`. */
const beforeTitle = /(?:\b(?:test|describe)(?:\.\w+)*|\))\(\s*$/;
/** A string of fewer words is a value or a part of a sentence, and is not checked. */
const fewestWords = 3;
/** A string in a test of fewer words is a label or a value, unless it is the title of a test. */
const fewestWordsOfTitle = 7;

function ofCode({ text, at }: Prose, whole: string, isTest: boolean): Prose[] {
  if (text.startsWith("//")) return [unmarked(/^\s*\/\//gm)({ text, at })];
  if (text.startsWith("/*")) return [unmarked(/^\s*\*(?!\/)|^\/\*+|\*\/$/gm)({ text, at })];
  if (text.startsWith("/")) return [];
  const string = text.slice(1, -1).replace(/\$\{(?:[^{}]|\{[^{}]*\})*\}/g, "X");
  const words = string.split(" ").length;
  const isLabel = isTest && words < fewestWordsOfTitle && !beforeTitle.test(whole.slice(Math.max(0, at - 100), at));
  return words < fewestWords ? [] : [{ text: string, at, isLabel }];
}

function found(text: string, pattern: RegExp): Prose[] {
  return Array.from(text.matchAll(pattern), (match) => ({ text: match[0], at: match.index }));
}

function unmarked(marks: RegExp): (prose: Prose) => Prose {
  return ({ text, at }) => ({ text: text.replace(marks, "").replace(/\s+/g, " ").trim(), at });
}

function blank(text: string): string {
  return text.replace(/[^\n]/g, " ");
}
