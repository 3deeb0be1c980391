// Shares places, such as those of WebSockets, among the sessions and tokens: none takes all of them, and the viewers together leave
// some to the owner of the full token.
import type { Access } from "./auth.ts";

/** `each`: the most for one session, or for one token. `viewers`: the most for all who may only read. */
export type Shares = { total: number; viewers: number; each: number };

export class Quota {
  readonly #shares: Shares;
  readonly #taken = new Map<string, number>();
  #total = 0;
  #viewers = 0;

  constructor(shares: Shares) {
    this.#shares = shares;
  }

  /** Takes one place, and returns the function that frees it, which may be called again; null where none is left. */
  take({ holder, level }: Pick<Access, "holder" | "level">): (() => void) | null {
    const { total, viewers, each } = this.#shares;
    const own = this.#taken.get(holder) ?? 0;
    if (this.#total >= total || own >= each || (level === "read" && this.#viewers >= viewers)) return null;
    this.#add(holder, level, 1);
    let isTaken = true;
    return () => {
      if (isTaken) this.#add(holder, level, -1);
      isTaken = false;
    };
  }

  #add(holder: string, level: Access["level"], change: 1 | -1): void {
    this.#total += change;
    if (level === "read") this.#viewers += change;
    const own = (this.#taken.get(holder) ?? 0) + change;
    if (own === 0) this.#taken.delete(holder);
    else this.#taken.set(holder, own);
  }
}
