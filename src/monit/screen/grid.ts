// The picture of a screen: one character and one look per cell. All text reaches the terminal through `put`.
import { glyphsOf, isPlainAscii } from "./graphemes.ts";

const asciiFor: Record<string, string> = { "…": ".", "─": "-", "│": "|", "┌": "+", "┐": "+", "└": "+", "┘": "+" };

/** At most this many UTF-16 units of a text count for one cell. */
const maxUnits = 16;

export class Grid {
  readonly columns: number;
  readonly rows: number;
  /** The right half of a wide character is an empty string. */
  readonly text: string[];
  readonly looks: Uint8Array;

  constructor(columns: number, rows: number) {
    this.columns = columns;
    this.rows = rows;
    this.text = new Array(columns * rows).fill(" ");
    this.looks = new Uint8Array(columns * rows);
  }

  /** Writes text from a cell on, and returns how many cells it fills. Text that is wider than `width` ends with `…`. */
  put(x: number, y: number, whole: string, look = 0, width = this.columns - x): number {
    const room = Math.min(width, this.columns - x);
    if (y < 0 || y >= this.rows || x < 0 || room <= 0) return 0;
    // A line may have a megabyte; what cannot be seen is not looked at.
    const text = whole.length > room * maxUnits ? whole.slice(0, room * maxUnits) : whole;
    const start = y * this.columns + x;
    if (isPlainAscii(text)) {
      const isCut = text.length > room;
      const length = isCut ? room - 1 : text.length;
      for (let i = 0; i < length; i++) this.#set(start + i, text[i] ?? " ", look);
      if (isCut) this.#set(start + length, "…", look);
      return isCut ? room : length;
    }
    return this.#putWide(start, text, look, room);
  }

  #putWide(start: number, text: string, look: number, room: number): number {
    let at = 0;
    for (const glyph of glyphsOf(text)) {
      if (at + glyph.width > room) {
        // The last cell becomes the sign of the cut; a wide character that would lose its right half gives way to a blank.
        const last = start + room - 1;
        if (this.text[last] === "" && room > 1) this.#set(last - 1, " ", look);
        for (let i = start + at; i < last; i++) this.#set(i, " ", look);
        this.#set(last, "…", look);
        return room;
      }
      this.#set(start + at, glyph.text, look);
      if (glyph.width === 2) this.#set(start + at + 1, "", look);
      at += glyph.width;
    }
    return at;
  }

  /** Writes text that ends at the cell before `x + width`. */
  putRight(x: number, y: number, text: string, look: number, width: number): void {
    const length = Math.min(width, text.length);
    this.put(x + width - length, y, text, look, length);
  }

  /** Gives a run of cells a look and leaves their characters. */
  tint(x: number, y: number, width: number, look: number): void {
    if (y < 0 || y >= this.rows) return;
    const start = y * this.columns;
    for (let i = Math.max(0, x); i < Math.min(this.columns, x + width); i++) this.looks[start + i] = look;
  }

  blank(x: number, y: number, width: number, height: number): void {
    for (let row = y; row < y + height; row++) this.put(x, row, " ".repeat(Math.max(0, Math.min(width, this.columns - x))));
  }

  /** The rows as text, without the blanks at their ends. */
  lines(): string[] {
    return Array.from({ length: this.rows }, (_, y) =>
      this.text
        .slice(y * this.columns, (y + 1) * this.columns)
        .join("")
        .trimEnd(),
    );
  }

  /** Replaces every character that an ASCII terminal cannot show. */
  toAscii(): this {
    for (const [at, text] of this.text.entries())
      if (!isPlainAscii(text)) this.text[at] = asciiFor[text] ?? "?";
      else if (text === "") this.text[at] = "?";
    return this;
  }

  #set(at: number, text: string, look: number): void {
    // Half of a wide character that is overwritten cannot be drawn, so the other half becomes blank.
    if (this.text[at] === "" && text !== "") this.text[at - 1] = " ";
    if (this.text[at + 1] === "" && (at + 1) % this.columns !== 0) this.text[at + 1] = " ";
    this.text[at] = text;
    this.looks[at] = look;
  }
}
