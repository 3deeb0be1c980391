// Notices about logging that apply to all services. They are looked up in the background, because the look-up starts a process.
import type { Backend } from "../backend/backend.ts";
import type { Notice } from "../backend/notice.ts";

/** Time limit of a look-up, and the time for which its result counts as current. */
const lookMs = 5000;
/** If the notices are older than this, a question waits for the look-up. */
const oldMs = 60_000;

export class SharedNotices {
  readonly #backend: Pick<Backend, "logNotices">;
  #latest: { atMs: number; found: Notice[] } = { atMs: Number.NEGATIVE_INFINITY, found: [] };
  #looking: Promise<void> | null = null;

  constructor(backend: Pick<Backend, "logNotices">) {
    this.#backend = backend;
  }

  get latest(): Notice[] {
    return this.#latest.found;
  }

  /**
   * For a question: starts a look-up if the last one is older than `lookMs`, and waits for it only if it is older than `oldMs`.
   */
  async now(): Promise<Notice[]> {
    this.renew(lookMs);
    if (performance.now() - this.#latest.atMs > oldMs) await this.#looking;
    return this.latest;
  }

  /** Starts a look-up if the last one is older than this. */
  renew(olderThanMs = oldMs): void {
    if (performance.now() - this.#latest.atMs > olderThanMs) this.#looking ??= this.#look();
  }

  async #look(): Promise<void> {
    try {
      const found = await this.#backend.logNotices(null, AbortSignal.timeout(lookMs));
      this.#latest = { atMs: performance.now(), found };
    } catch {
      // The next question tries again.
    } finally {
      this.#looking = null;
    }
  }
}
