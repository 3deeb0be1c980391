// Turns what a terminal sends into keys, pasted text and the mouse: CSI and SS3 sequences, UTF-8, bracketed paste (mode 2004)
// and mouse reports (mode 1006). Sequences that are unknown are swallowed whole, so that none of their bytes counts as a key.
import type { Input } from "./input.ts";

/** An Escape that no other byte follows within this time is the key itself. */
export const escapeMs = 25;
/** Longer sequences do not exist; this many bytes without an end are dropped. */
const maxSequence = 64;
const maxPaste = 4096;
/** Mode 1000 alone: the button, the column and the row, one character each. */
const x10Bytes = 3;
const pasteEnd = "\x1b[201~";
/** A CSI sequence: parameter bytes, intermediate bytes, and a final byte (ECMA-48, 5.4). */
// biome-ignore lint/suspicious/noControlCharactersInRegex: ESC begins each sequence
const csi = /^\x1b\[([0-?]*)([ -/]*)([@-~])/;
/** The beginning of a CSI sequence, and a byte that none may contain. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: ESC begins each sequence
const csiBegin = /^\x1b\[[ -?]*/;
// biome-ignore lint/suspicious/noControlCharactersInRegex: ESC begins each sequence
const brokenCsi = /^\x1b\[[ -?]*[^ -?@-~]/;

const letters: Record<string, string> = {
  A: "up",
  B: "down",
  C: "right",
  D: "left",
  F: "end",
  H: "home",
  P: "f1",
  Q: "f2",
  R: "f3",
  S: "f4",
  Z: "back-tab",
  M: "enter",
};
const numbers: Record<string, string> = {
  1: "home",
  2: "insert",
  3: "delete",
  4: "end",
  5: "pageup",
  6: "pagedown",
  7: "home",
  8: "end",
  11: "f1",
  12: "f2",
  13: "f3",
  14: "f4",
  15: "f5",
  17: "f6",
  18: "f7",
  19: "f8",
  20: "f9",
  21: "f10",
  23: "f11",
  24: "f12",
};
const controls: Record<string, string> = {
  "\r": "enter",
  "\n": "enter",
  "\t": "tab",
  " ": "space",
  "\x7f": "backspace",
  "\b": "backspace",
};

export class InputParser {
  #rest = "";
  /** The pasted text so far; null outside a paste. */
  #paste: string | null = null;

  /** True while the last byte is an Escape that may begin a sequence, or may be the key: `flush` after `escapeMs` decides. */
  get isWaiting(): boolean {
    return this.#rest === "\x1b" && this.#paste === null;
  }

  feed(text: string): Input[] {
    this.#rest += text;
    const found: Input[] = [];
    for (;;) {
      const taken = this.#paste === null ? this.#one() : this.#pasted();
      if (taken === null) return found;
      if (taken.input !== null) found.push(taken.input);
      this.#rest = this.#rest.slice(taken.length);
    }
  }

  /** Nothing followed the Escape in time, so it is the key. A sequence that has begun waits for its end, however slow the line. */
  flush(): Input[] {
    if (!this.isWaiting) return [];
    this.#rest = "";
    return [{ kind: "key", key: "escape" }];
  }

  /** The first input in the bytes and its length; null where they are incomplete. */
  #one(): { input: Input | null; length: number } | null {
    const text = this.#rest;
    const first = text[0];
    if (first === undefined) return null;
    if (first !== "\x1b") return plainKey(text);
    const second = text[1];
    if (second === undefined) return null;
    if (second === "O") return ss3(text);
    if (second === "[") return this.#sequence(text);
    return { input: { kind: "key", key: "escape" }, length: 1 };
  }

  #sequence(text: string): { input: Input | null; length: number } | null {
    // The console of Linux sends F1 to F5 as ESC [ [ A and so on.
    if (text[2] === "[") return text[3] === undefined ? null : { input: named(linuxKey(text[3])), length: 4 };
    const match = csi.exec(text);
    if (match === null) return isBroken(text) ? { input: null, length: brokenLength(text) } : null;
    const [{ length }, parameters = "", , final = ""] = match;
    // Terminals without mode 1006 report the mouse as ESC [ M and three bytes, which must not count as keys.
    if (length === 3 && final === "M") return text.length < 3 + x10Bytes ? null : { input: null, length: 3 + x10Bytes };
    if (parameters.startsWith("<") && (final === "M" || final === "m")) return { input: mouse(parameters.slice(1), final), length };
    if (final === "~" && parameters === "200") {
      this.#paste = "";
      return { input: null, length };
    }
    const [number = ""] = parameters.split(";");
    return { input: named(final === "~" ? numbers[number] : letters[final]), length };
  }

  #pasted(): { input: Input | null; length: number } | null {
    const end = this.#rest.indexOf(pasteEnd);
    // The mark of the end may itself arrive in two parts.
    const known = end === -1 ? Math.max(0, this.#rest.length - pasteEnd.length) : end;
    this.#paste = `${this.#paste ?? ""}${this.#rest.slice(0, known)}`.slice(0, maxPaste);
    if (end === -1) {
      this.#rest = this.#rest.slice(known);
      return null;
    }
    const text = this.#paste;
    this.#paste = null;
    return { input: { kind: "paste", text }, length: end + pasteEnd.length };
  }
}

/** ESC O and a letter; a control character, as the Escape of the next sequence, ends it without a meaning. */
function ss3(text: string): { input: Input | null; length: number } | null {
  const letter = text[2];
  if (letter === undefined) return null;
  return letter < " " ? { input: null, length: 2 } : { input: named(letters[letter]), length: 3 };
}

function plainKey(text: string): { input: Input | null; length: number } {
  const letter = String.fromCodePoint(text.codePointAt(0) ?? 0);
  const { length } = letter;
  const name = controls[letter];
  if (name !== undefined) return { input: { kind: "key", key: name }, length };
  const code = letter.charCodeAt(0);
  if (code > 0 && code < 27) return { input: { kind: "key", key: `C-${String.fromCharCode(code + 96)}` }, length };
  const isControl = code < 32 || (code >= 0x7f && code < 0xa0);
  return { input: isControl ? null : { kind: "key", key: letter }, length };
}

const named = (key: string | undefined): Input | null => (key === undefined ? null : { kind: "key", key });
const linuxKey = (letter: string): string | undefined => ({ A: "f1", B: "f2", C: "f3", D: "f4", E: "f5" })[letter];

/** A byte that no CSI sequence may contain, or a sequence that is longer than any. */
function isBroken(text: string): boolean {
  return text.length > maxSequence || brokenCsi.test(text);
}

function brokenLength(text: string): number {
  return csiBegin.exec(text)?.[0].length ?? 1;
}

/** Mode 1006: button, column and row, each from 1; `m` at the end is a release. */
function mouse(parameters: string, final: string): Input | null {
  const [button, x, y] = parameters.split(";").map(Number);
  if (button === undefined || x === undefined || y === undefined || ![button, x, y].every(Number.isSafeInteger)) return null;
  const at = { x: x - 1, y: y - 1 };
  if (button === 64) return { kind: "mouse", what: "wheel-up", ...at };
  if (button === 65) return { kind: "mouse", what: "wheel-down", ...at };
  // Bits 2 to 4 are Shift, Alt and Ctrl; only the left button alone means something here.
  if (button !== 0) return null;
  return { kind: "mouse", what: final === "M" ? "press" : "release", ...at };
}
