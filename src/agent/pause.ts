// A wait that can be ended early, once or for good; nothing of it is left behind.

export class Pause {
  #isEnded = false;
  #isWoken = false;
  #wake = () => {};

  get isEnded(): boolean {
    return this.#isEnded;
  }

  /** Resolves to true where it was woken before its time. */
  wait(ms: number): Promise<boolean> {
    return new Promise((done) => {
      if (this.#isEnded || this.#isWoken) return done(this.#take());
      const timer = setTimeout(
        () => {
          this.#wake = () => {};
          done(false);
        },
        Math.max(0, ms),
      );
      this.#wake = () => {
        // A later call finds no wait to end, and must be kept for the next one.
        this.#wake = () => {};
        clearTimeout(timer);
        done(this.#take());
      };
    });
  }

  /** Ends this wait, or the next one where there is none now. */
  wake(): void {
    this.#isWoken = true;
    this.#wake();
  }

  end(): void {
    this.#isEnded = true;
    this.#wake();
  }

  #take(): boolean {
    const isWoken = this.#isWoken;
    this.#isWoken = false;
    return isWoken;
  }
}
