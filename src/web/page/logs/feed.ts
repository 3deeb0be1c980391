// Reads log lines page by page: the last ones, those before, and those that came since. The server searches.
import type { LogLine } from "../../../logs/query.ts";

export type LogWishes = { services: string; level: string; q: string; since: string };
export type LogPage = { lines: LogLine[]; older: string | null; complete: boolean };
/** `askedMs`: a time by the clock of the server, shortly before the search began; null where it is not known. */
type AskLogs = (query: Record<string, string | number>) => Promise<{ answer: LogPage; askedMs: number | null }>;

/** Lines of several services, and those that the journal writes late, may come after lines with a later time. */
const overlapMs = 2000;
const maxLines = 1000;

export class LogFeed {
  readonly #wishes: LogWishes;
  readonly #askLogs: AskLogs;
  readonly #pageLines: number;
  #older: string | null = null;
  /** By the clock of the server. All lines before this time were delivered, except for those that the journal writes late. */
  #lastMs: number | null = null;
  /** How often each of the latest lines was delivered, to tell new lines from those. */
  #known = new Map<string, { count: number; atMs: number }>();

  constructor(wishes: LogWishes, askLogs: AskLogs, pageLines = 300) {
    this.#wishes = wishes;
    this.#askLogs = askLogs;
    this.#pageLines = pageLines;
  }

  get hasOlder(): boolean {
    return this.#older !== null;
  }

  async last(): Promise<LogPage> {
    const startedMs = Date.now();
    const { page, askedMs } = await this.#ask({ since: this.#wishes.since, limit: this.#pageLines });
    this.#older = page.older;
    this.#lastMs = Math.max((askedMs ?? startedMs) - overlapMs, ...page.lines.slice(-1).map(({ at }) => Date.parse(at)));
    this.#remember(page.lines);
    return page;
  }

  async before(): Promise<LogLine[]> {
    if (this.#older === null) return [];
    const { page } = await this.#ask({ since: this.#wishes.since, limit: this.#pageLines, cursor: this.#older });
    this.#older = page.older;
    return page.lines;
  }

  /** The lines since the last call. `isCut`: more lines came than one answer holds, so some are left out. */
  async news(): Promise<{ lines: LogLine[]; isCut: boolean }> {
    if (this.#lastMs === null) return { lines: [], isCut: false };
    const { page, askedMs } = await this.#ask({ since: new Date(this.#lastMs - overlapMs).toISOString(), limit: maxLines });
    const seen = new Map<string, number>();
    const lines = page.lines.filter((line) => {
      const key = keyOf(line);
      const times = (seen.get(key) ?? 0) + 1;
      seen.set(key, times);
      return times > (this.#known.get(key)?.count ?? 0);
    });
    // Without this, each search for a text that is seldom found would go further back than the one before.
    if (page.complete && askedMs !== null) this.#lastMs = Math.max(this.#lastMs, askedMs - overlapMs);
    this.#remember(lines);
    return { lines, isCut: page.older !== null && lines.length === maxLines };
  }

  #remember(lines: readonly LogLine[]): void {
    for (const line of lines) {
      const key = keyOf(line);
      const atMs = Date.parse(line.at);
      this.#known.set(key, { count: (this.#known.get(key)?.count ?? 0) + 1, atMs });
      this.#lastMs = Math.max(this.#lastMs ?? 0, atMs);
    }
    const oldestMs = (this.#lastMs ?? 0) - overlapMs;
    for (const [key, { atMs }] of this.#known) if (atMs < oldestMs) this.#known.delete(key);
  }

  async #ask(more: Record<string, string | number>): Promise<{ page: LogPage; askedMs: number | null }> {
    const { services, level, q } = this.#wishes;
    const { answer, askedMs } = await this.#askLogs({ services, level, q, ...more });
    return { page: answer, askedMs };
  }
}

const keyOf = ({ at, service, stream, message }: LogLine) => `${at} ${service} ${stream} ${message}`;
