// Follows the lines of the services whose rules have a pattern, and searches them. Whatever the services write, this takes a small
// share of one core, and holds a bounded number of lines: where it falls behind, it leaves lines out, and says so.
import type { MatchesByRule, PatternMatch } from "../../alerting/rules/facts.ts";
import type { PatternRule } from "../../alerting/rules/rules.ts";
import type { Backend, LogRecord } from "../../backend/backend.ts";
import { reasonOf } from "../../base/errors.ts";
import { linearPattern, maxPatternLine } from "../../base/pattern.ts";
import { Pause } from "../pause.ts";

export type LogWatchDeps = {
  backend: Pick<Backend, "logs">;
  /** The wall clock, which the times of lines come from. */
  now: () => number;
  /** Called when a line matches, for each service at most once in a while: the next tick evaluates the others. */
  onMatch: () => void;
  say: (sentence: string) => void;
};

/** After so much work this pauses so long, in which other work of the process goes on. */
const workMs = 10;
const restMs = 90;
/** Lines that waited for longer than this to be searched are left out, up to the present. */
const maxLateMs = 10_000;
const againMs = 10_000;
const toldAgainMs = 5000;

/** `count`: so many lines of this time were read. */
type Mark = { atMs: number; count: number };
type Searched = { name: string; matches: (line: string) => boolean };

export class LogWatch {
  readonly #deps: LogWatchDeps;
  readonly #found = new Map<string, Map<string, PatternMatch>>();
  /** The rules by service, and what they were made of. */
  #rules = new Map<string, Searched[]>();
  #asked = "[]";
  #ending: AbortController | null = null;
  #work: Promise<void> = Promise.resolve();
  #isClosed = false;
  /** When `onMatch` was called last for each service. */
  readonly #toldMs = new Map<string, number>();
  /** When lines were left out last, by the wall clock; null: never. */
  #gapMs: number | null = null;
  /** When the last reader ended, by the wall clock, so that the next one goes on from there; null: none is to go on. */
  #endedMs: number | null = null;
  /** Up to where the lines of each service were read, by service and stream. */
  readonly #read = new Map<string, Mark>();
  /** Lines were left out since the last match. */
  #isGapped = false;

  constructor(deps: LogWatchDeps) {
    this.#deps = deps;
  }

  /** Follows these services from now on, if they or their patterns are others than before. */
  watch(rules: ReadonlyMap<string, readonly PatternRule[]>): void {
    const asked = JSON.stringify(Array.from(rules, ([service, own]) => [service, own.map(({ name, pattern }) => [name, pattern])]));
    if (asked === this.#asked || this.#isClosed) return;
    this.#asked = asked;
    this.#ending?.abort();
    this.#ending = null;
    this.#rules = new Map(
      Array.from(rules, ([service, own]) => [service, own.map(({ name, pattern }) => ({ name, matches: linearPattern(pattern) }))]),
    );
    for (const service of this.#found.keys()) if (!rules.has(service)) this.#found.delete(service);
    this.#toldMs.clear();
    if (rules.size === 0) {
      this.#work = this.#work.then(() => {
        this.#endedMs = null;
        this.#read.clear();
      });
      return;
    }
    const ending = new AbortController();
    this.#ending = ending;
    const before = this.#work;
    const askedMs = this.#deps.now();
    this.#work = before.then(() => this.#follow([...rules.keys()], askedMs, ending.signal));
  }

  /** What was found since the last call, by the name of the rule. */
  take(service: string): MatchesByRule {
    const found = this.#found.get(service);
    this.#found.delete(service);
    return found ?? new Map();
  }

  /** The services with matches that were not taken. */
  matched(): ReadonlySet<string> {
    return new Set(this.#found.keys());
  }

  /** A sentence about lines that were left out within the last ten minutes. */
  notices(): string[] {
    const { now } = this.#deps;
    if (this.#gapMs === null || now() - this.#gapMs > 600_000) return [];
    const at = new Date(this.#gapMs).toISOString();
    return [`lines up to ${at} were not searched for the patterns of alerts, because they came faster than they can be searched`];
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#ending?.abort();
    await this.#work;
  }

  async #follow(services: string[], askedMs: number, signal: AbortSignal): Promise<void> {
    this.#mark(services, askedMs);
    const pause = new Pause();
    signal.addEventListener("abort", () => pause.end(), { once: true });
    while (!signal.aborted) {
      try {
        if (await this.#search(services, signal)) {
          this.#leftOut();
          this.#endedMs = null;
          continue;
        }
        this.#endedMs ??= this.#deps.now();
        await pause.wait(againMs);
      } catch (error) {
        this.#endedMs ??= this.#deps.now();
        if (signal.aborted) return;
        this.#deps.say(`cannot read the lines of services for the patterns of alerts: ${reasonOf(error)}`);
        await pause.wait(againMs);
      }
    }
  }

  /** Returns true where it has fallen behind, and false where the lines have ended. */
  async #search(services: string[], signal: AbortSignal): Promise<boolean> {
    const fromMs = this.#endedMs;
    // Lines that are older than this would be too late to be searched.
    const since = fromMs === null ? { lines: 0, sinceMs: null } : { lines: null, sinceMs: fromMs - maxLateMs };
    const query = { services, ...since, untilMs: null, follow: true, maxMessageLength: maxPatternLine };
    const seen = new Map(fromMs === null ? [] : Array.from(this.#read, ([key, mark]) => [key, { ...mark }]));
    let beganMs = performance.now();
    for await (const record of this.#deps.backend.logs(query, signal)) {
      this.#endedMs = null;
      if (isSeen(seen, record)) continue;
      this.#count(record);
      for (const rule of record.stream === "bs9" ? [] : (this.#rules.get(record.service) ?? [])) {
        if (rule.matches(record.message)) this.#note(record, rule.name);
        if (performance.now() - beganMs < workMs) continue;
        await Bun.sleep(restMs);
        beganMs = performance.now();
      }
      if (signal.aborted) return false;
      if (this.#deps.now() - record.atMs > maxLateMs) return true;
    }
    return false;
  }

  /** Lines that a service wrote before its rules were in force are not searched. */
  #mark(services: readonly string[], atMs: number): void {
    const keys = new Set(services.flatMap((service) => streams.map((stream) => keyOf({ service, stream }))));
    for (const key of this.#read.keys()) if (!keys.has(key)) this.#read.delete(key);
    for (const key of keys) if (!this.#read.has(key)) this.#read.set(key, { atMs, count: 0 });
  }

  #count(record: LogRecord): void {
    const { atMs, count } = this.#read.get(keyOf(record)) ?? { atMs: Number.NEGATIVE_INFINITY, count: 0 };
    if (record.atMs < atMs) return;
    this.#read.set(keyOf(record), { atMs: record.atMs, count: record.atMs === atMs ? count + 1 : 1 });
  }

  #note({ message, service }: LogRecord, rule: string): void {
    const found = this.#found.get(service) ?? new Map<string, PatternMatch>();
    this.#found.set(service, found);
    const before = found.get(rule);
    const line = Bun.stripANSI(message.slice(0, maxPatternLine));
    found.set(rule, before === undefined ? { line, count: 1, isGapped: this.#isGapped } : { ...before, count: before.count + 1 });
    this.#isGapped = false;
    const nowMs = performance.now();
    if (nowMs - (this.#toldMs.get(service) ?? Number.NEGATIVE_INFINITY) < toldAgainMs) return;
    this.#toldMs.set(service, nowMs);
    this.#deps.onMatch();
  }

  #leftOut(): void {
    this.#gapMs = this.#deps.now();
    this.#isGapped = true;
  }
}

const streams: readonly LogRecord["stream"][] = ["stdout", "stderr", "bs9", null];

const keyOf = ({ service, stream }: Pick<LogRecord, "service" | "stream">): string => `${service} ${stream}`;

/** True for the lines that an earlier reader returned. After the first other line of a stream, all of its lines are new. */
function isSeen(seen: Map<string, Mark>, record: LogRecord): boolean {
  const mark = seen.get(keyOf(record));
  if (mark === undefined) return false;
  if (record.atMs < mark.atMs || (record.atMs === mark.atMs && mark.count-- > 0)) return true;
  seen.delete(keyOf(record));
  return false;
}
