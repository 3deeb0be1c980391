// Decides when to draw: at once after a key, at most 30 times a second after anything else, and never while the terminal has not
// taken the frame before, so that a slow line shows the newest frame and not a queue of old ones.
import type { Terminal } from "../base/terminal.ts";

const frameMs = 1000 / 30;

export class Painting {
  readonly #draw: () => void;
  readonly #terminal: Pick<Terminal, "drained">;
  #drawnMs = Number.NEGATIVE_INFINITY;
  #timer: NodeJS.Timeout | null = null;
  #isWriting = false;
  #isWanted = false;
  #isClosed = false;

  constructor(draw: () => void, terminal: Pick<Terminal, "drained">) {
    this.#draw = draw;
    this.#terminal = terminal;
  }

  request(isUrgent: boolean): void {
    if (this.#isClosed) return;
    if (this.#isWriting) {
      this.#isWanted = true;
      return;
    }
    const waitMs = this.#drawnMs + frameMs - performance.now();
    if (isUrgent || waitMs <= 0) this.#paint();
    else this.#timer ??= setTimeout(() => this.#paint(), waitMs);
  }

  close(): void {
    this.#isClosed = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
  }

  #paint(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    if (this.#isClosed) return;
    this.#drawnMs = performance.now();
    this.#isWanted = false;
    this.#isWriting = true;
    this.#draw();
    void this.#terminal.drained().then(() => {
      this.#isWriting = false;
      if (this.#isWanted) this.request(false);
    });
  }
}
