// Splits text into the characters that fill the cells of a terminal. Everything that could control the terminal, or that
// terminals draw with different widths, is replaced here, so that a picture keeps its shape whatever a service writes.
import { harmless } from "../../base/text.ts";

export type Glyph = { text: string; width: 1 | 2 };

/** A letter with more combining marks than this is drawn without the rest. */
const maxMarks = 3;
/** Printable ASCII fills one cell each, so it needs no segmenter. */
const ascii = /^[\x20-\x7e]*$/;
const segmenter = new Intl.Segmenter(undefined, { granularity: "grapheme" });

/** True where terminals agree on the width of every character of the text. */
export const isPlainAscii = (text: string): boolean => ascii.test(text);

/** The characters of `text` in order. A control character becomes its escape, such as `\x1b`, one cell per letter. */
export function* glyphsOf(text: string): Generator<Glyph> {
  const safe = harmless(text.includes("\t") ? text.replaceAll("\t", "    ") : text);
  if (isPlainAscii(safe)) {
    for (const letter of safe) yield { text: letter, width: 1 };
    return;
  }
  for (const { segment } of segmenter.segment(safe)) {
    if (segment.length === 1 && isPlainAscii(segment)) {
      yield { text: segment, width: 1 };
      continue;
    }
    const glyph = glyphOf(segment);
    if (glyph !== null) yield glyph;
  }
}

/** Null for what fills no cell, such as a combining mark without a letter. */
function glyphOf(segment: string): Glyph | null {
  const [base = "", ...rest] = segment;
  const width = Bun.stringWidth(base);
  if (width < 1) return null;
  // Joined emoji, flags and skin tones: terminals disagree on their width, so only the first character is drawn.
  const marks = rest.every((one) => /^\p{M}$/u.test(one) && one !== "\ufe0f") ? rest.slice(0, maxMarks).join("") : "";
  return { text: base + marks, width: width > 1 ? 2 : 1 };
}

/** The number of cells that `text` fills. */
export function cellsOf(text: string): number {
  if (isPlainAscii(text)) return text.length;
  let cells = 0;
  for (const { width } of glyphsOf(text)) cells += width;
  return cells;
}
