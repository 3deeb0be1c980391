// A wait that can be ended early, and then for good; nothing of it is left behind.

export class Pause {
  #isEnded = false;
  #wake = () => {};

  get isEnded(): boolean {
    return this.#isEnded;
  }

  wait(ms: number): Promise<void> {
    return new Promise((done) => {
      if (this.#isEnded) return done();
      const timer = setTimeout(done, Math.max(0, ms));
      this.#wake = () => {
        clearTimeout(timer);
        done();
      };
    });
  }

  end(): void {
    this.#isEnded = true;
    this.#wake();
  }
}
