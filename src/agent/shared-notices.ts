// What stands in the way of log lines, said of all services alike: looked up beside, because that takes a process of its own.
import type { Backend } from "../backend/backend.ts";
import type { Notice } from "../backend/notice.ts";

/** A look takes no longer, and its answer counts for so long. */
const lookMs = 5000;
/** Older notices are waited for. */
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

  /** For a question: begins another look where the last one is older than `lookMs`, and waits only where it is old. */
  async now(): Promise<Notice[]> {
    this.renew(lookMs);
    if (performance.now() - this.#latest.atMs > oldMs) await this.#looking;
    return this.latest;
  }

  /** Begins another look where the last one is older. */
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
