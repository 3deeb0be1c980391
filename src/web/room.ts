// Counts the requests that are being answered, in total and per address, so that memory stays bounded.
import { networkOf } from "./auth.ts";

export class Room {
  readonly #total: number;
  readonly #perAddress: number;
  readonly #taken = new Map<string, number>();
  #count = 0;

  constructor({ total, perAddress }: { total: number; perAddress: number }) {
    this.#total = total;
    this.#perAddress = perAddress;
  }

  /** Takes one place, and returns the function that frees it; null where all places are taken. */
  take(address: string): (() => void) | null {
    const from = networkOf(address);
    const own = this.#taken.get(from) ?? 0;
    if (this.#count >= this.#total || own >= this.#perAddress) return null;
    this.#count++;
    this.#taken.set(from, own + 1);
    return () => {
      this.#count--;
      const left = (this.#taken.get(from) ?? 1) - 1;
      if (left === 0) this.#taken.delete(from);
      else this.#taken.set(from, left);
    };
  }
}
