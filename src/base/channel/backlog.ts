// What waits for one reader, bounded: a reader that falls behind gets the whole anew in place of what it has missed.

export type BacklogOptions<T> = {
  /** All that has been told so far, in one item. */
  whole: () => T;
  sizeOf: (item: T) => number;
  /** Beyond this sum of sizes the reader counts as fallen behind. */
  maxSize: number;
};

export class Backlog<T> {
  readonly #options: BacklogOptions<T>;
  #waiting: T[] = [];
  #size = 0;
  /** A new reader has heard nothing yet, and begins with the whole. */
  #isBehind = true;

  constructor(options: BacklogOptions<T>) {
    this.#options = options;
  }

  /** True where the reader is to get the whole next. */
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

  /** Undefined where nothing waits. The whole is made only now, when the reader has room for it. */
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
