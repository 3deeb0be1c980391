// Owns the terminal: its alternate screen, its modes, and the picture that it shows now.
import { writeSync } from "node:fs";
import {
  beginSynchronizedOutput,
  clearViewport,
  cursorHide,
  cursorShow,
  endSynchronizedOutput,
  enterAlternativeScreen,
  exitAlternativeScreen,
} from "ansi-escapes";
import { frameDifference } from "./diff.ts";
import type { Grid } from "./grid.ts";
import { type Painter, painterOf } from "./ink.ts";

export type ScreenOptions = {
  write(text: string): void;
  hasColour: boolean;
  /** Terminals that do not know mode 2026 ignore it, but the console of Linux prints parts of unknown sequences. */
  isSynchronized: boolean;
};

/** DEC private modes: 1000 reports clicks, 1006 reports them as numbers without a limit, 2004 marks pasted text. */
const mouseOn = "\x1b[?1000h\x1b[?1006h";
const mouseOff = "\x1b[?1006l\x1b[?1000l";
const pasteOn = "\x1b[?2004h";
const pasteOff = "\x1b[?2004l";
/** Without autowrap (DECAWM) a character that is wider than expected stays at the last column and moves no row. */
const wrapOff = "\x1b[?7l";
const wrapOn = "\x1b[?7h";
/** A frame with fewer bytes fits into one packet of the network, so the marks around it would only add bytes. */
const smallFrame = 512;

export class Screen {
  readonly #options: ScreenOptions;
  readonly #paint: Painter;
  #shown: Grid | null = null;
  #isEntered = false;
  #hasMouse = false;
  readonly #atExit = () => {
    // After a crash nothing else can be awaited, so this write is synchronous.
    try {
      if (this.#isEntered) writeSync(1, this.#leaving());
    } catch {
      // The terminal is gone.
    }
  };

  constructor(options: ScreenOptions) {
    this.#options = options;
    this.#paint = painterOf(options.hasColour);
    process.on("exit", this.#atExit);
  }

  enter({ hasMouse }: { hasMouse: boolean }): void {
    this.#isEntered = true;
    this.#hasMouse = hasMouse;
    this.#shown = null;
    this.#options.write(`${enterAlternativeScreen}${cursorHide}${wrapOff}${pasteOn}${hasMouse ? mouseOn : ""}`);
  }

  /** Gives the terminal back as it was before `enter`. */
  leave(): void {
    if (!this.#isEntered) return;
    this.#options.write(this.#leaving());
    this.#isEntered = false;
  }

  /** Gives the terminal back, and forgets it. */
  close(): void {
    this.leave();
    process.off("exit", this.#atExit);
  }

  setMouse(isOn: boolean): void {
    this.#hasMouse = isOn;
    this.#options.write(isOn ? mouseOn : mouseOff);
  }

  /** The next frame is drawn whole: after a resize, or where another program has written to the terminal. */
  forget(): void {
    this.#shown = null;
  }

  draw(grid: Grid): void {
    if (!this.#isEntered) return;
    const isSameSize = this.#shown?.columns === grid.columns && this.#shown.rows === grid.rows;
    const before = isSameSize ? this.#shown : null;
    const bytes = (before === null ? clearViewport : "") + frameDifference(before, grid, this.#paint);
    this.#shown = grid;
    if (bytes === "") return;
    const isMarked = this.#options.isSynchronized && bytes.length > smallFrame;
    this.#options.write(isMarked ? `${beginSynchronizedOutput}${bytes}${endSynchronizedOutput}` : bytes);
  }

  /** Sends the text to the clipboard of the terminal (OSC 52); terminals that do not allow that ignore it. */
  copy(text: string): void {
    this.#options.write(`\x1b]52;c;${Buffer.from(text).toString("base64")}\x07`);
  }

  #leaving(): string {
    return `${this.#hasMouse ? mouseOff : ""}${pasteOff}${wrapOn}${cursorShow}${exitAlternativeScreen}`;
  }
}
