// A wait that can be ended early: `wake` ends one wait, `end` ends all waits. No timer remains after a wait.

export class Pause {
  #isEnded = false;
  #isWoken = false;
  #wake = () => {};

  get isEnded(): boolean {
    return this.#isEnded;
  }

  /** Resolves to true if `wake` ended the wait before its time. */
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
        // After this call there is no wait to end, so a later `wake` applies to the next wait.
        this.#wake = () => {};
        clearTimeout(timer);
        done(this.#take());
      };
    });
  }

  /** Ends the current wait, or the next one if there is no current wait. */
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
