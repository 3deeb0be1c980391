// A bounded queue for one reader. A reader that falls behind gets the whole state in place of the items that it missed.

export type BacklogOptions<T> = {
  /** Makes one item that contains everything that was sent so far. */
  whole: () => T;
  sizeOf: (item: T) => number;
  /** A reader whose waiting items exceed this sum of sizes counts as fallen behind. */
  maxSize: number;
};

export class Backlog<T> {
  readonly #options: BacklogOptions<T>;
  #waiting: T[] = [];
  #size = 0;
  /** A new reader has received nothing, so it starts as fallen behind and gets the whole state first. */
  #isBehind = true;

  constructor(options: BacklogOptions<T>) {
    this.#options = options;
  }

  /** True if the reader gets the whole state next. */
  get isBehind(): boolean {
    return this.#isBehind;
  }

  push(item: T): void {
    if (this.#isBehind) return;
    this.#waiting.push(item);
    this.#size += this.#options.sizeOf(item);
    if (this.#size <= this.#options.maxSize) return;
    this.#isBehind = true;
    this.#waiting = [];
    this.#size = 0;
  }

  /**
   * The next item for the reader; undefined if none waits. If the reader gets the whole state, it is made only now, when the
   * reader has room for it.
   */
  next(): T | undefined {
    if (this.#isBehind) {
      this.#isBehind = false;
      return this.#options.whole();
    }
    const item = this.#waiting.shift();
    if (item !== undefined) this.#size -= this.#options.sizeOf(item);
    return item;
  }
}
