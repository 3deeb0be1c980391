// Decides when to draw: at once after a key, at most 30 times a second after anything else, and never while the terminal has not
// taken the frame before, so that a slow line shows the newest frame and not a queue of old ones.
import type { Terminal } from "../base/terminal.ts";

const frameMs = 1000 / 30;

export class Painting {
  readonly #draw: () => void;
  readonly #terminal: Pick<Terminal, "drained" | "flow">;
  readonly #onGone: () => void;
  #drawnMs = Number.NEGATIVE_INFINITY;
  #timer: NodeJS.Timeout | null = null;
  #isWriting = false;
  #isWanted = false;
  #isClosed = false;

  /** `onGone` is called where the terminal takes nothing any more. */
  constructor(draw: () => void, terminal: Pick<Terminal, "drained" | "flow">, onGone: () => void) {
    this.#draw = draw;
    this.#onGone = onGone;
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
    void this.#written().then((isRead) => {
      this.#isWriting = false;
      if (!isRead) this.#onGone();
      else if (this.#isWanted) this.request(false);
    });
  }

  async #written(): Promise<boolean> {
    await this.#terminal.drained();
    return this.#terminal.flow().catch(() => false);
  }
}
