// Counts the requests of one service over all its processes: each process counts for itself and from 0. Pure.
import { type AppFigures, quantileMs } from "../../injectors/exposition.ts";
import type { RequestFigures } from "../../metrics/sample.ts";
import type { Requests, Served } from "../../status/schema.ts";

/** What one process told. `id` names the process beyond its pid. */
export type ToldRequests = {
  id: string;
  told: AppFigures;
  startedMs: number;
  /** False where an earlier agent may have counted its requests already: only what comes after this report is counted. */
  isFromStart: boolean;
};

type Growth = Pick<AppFigures, "requests" | "errors" | "buckets">;

export class RequestTally {
  /** What each process told last, and when. */
  #known = new Map<string, { told: AppFigures; atMs: number }>();
  /** What ended processes of this run have told. */
  #ended: Served = { count: 0, failed: 0 };
  /** Counted since the last tick. */
  #pending = { requests: 0, errors: 0 };
  #latest: { atMs: number; requests: Requests; figures: Omit<RequestFigures, "requests" | "requestErrors"> } | null = null;
  #isFresh = false;

  /** Forgets the processes of an earlier run. What they told since the last tick still counts for the next one. */
  begin(): void {
    this.#known = new Map();
    this.#ended = { count: 0, failed: 0 };
    this.#latest = null;
  }

  /** All processes that answered one question, at a time by the wall clock. A process that lives may answer again later. */
  answered(reports: readonly ToldRequests[], atMs: number, lives: (id: string) => boolean): void {
    if (reports.length === 0) return;
    const sum: Growth = { requests: 0, errors: 0, buckets: new Map() };
    let perSecond = 0;
    let isCounted = false;
    for (const report of reports) {
      const before = this.#known.get(report.id);
      const growth = growthOf(report, before?.told);
      add(sum, growth);
      // Without an earlier answer the requests came since the process started.
      perSecond += (growth.requests * 1000) / Math.max(1, atMs - (before?.atMs ?? report.startedMs));
      isCounted ||= before !== undefined || report.isFromStart;
      this.#known.set(report.id, { told: report.told, atMs });
    }
    for (const [id, { told }] of this.#known) {
      if (lives(id)) continue;
      const { requests, errors } = told;
      this.#ended = { count: this.#ended.count + requests, failed: this.#ended.failed + errors };
      this.#known.delete(id);
    }
    // After a start of the agent, the first answer says only from where to count: the figures are unknown, and not 0.
    if (!isCounted) return;
    this.#pending = { requests: this.#pending.requests + sum.requests, errors: this.#pending.errors + sum.errors };
    const [p50Ms, p95Ms] = [quantileMs(sum.buckets, 0.5), quantileMs(sum.buckets, 0.95)];
    this.#latest = {
      atMs,
      requests: {
        perSecond: rounded(perSecond),
        errorPercent: sum.requests === 0 ? null : rounded((100 * sum.errors) / sum.requests),
        p50Ms: p50Ms === null ? null : rounded(p50Ms),
        p95Ms: p95Ms === null ? null : rounded(p95Ms),
      },
      figures: {
        requestP50Ms: p50Ms,
        requestP95Ms: p95Ms,
        requestsInFlight: sumOf(reports.map(({ told }) => told.inFlight)),
        eventLoopLagMs: maxOf(reports.map(({ told }) => told.lagMs)),
      },
    };
    this.#isFresh = true;
  }

  /** The figures for a sample: null if nothing was told since the last tick. A tick begins to count anew. */
  take(isTick: boolean): RequestFigures | null {
    if (this.#latest === null || !this.#isFresh) return null;
    const { requests, errors } = this.#pending;
    if (isTick) {
      this.#pending = { requests: 0, errors: 0 };
      this.#isFresh = false;
    }
    return { requests, requestErrors: errors, ...this.#latest.figures };
  }

  /** What was told last, and how many requests the processes of this run have answered; null if that is older than `sinceMs`. */
  latest(sinceMs: number): { requests: Requests; served: Served } | null {
    if (this.#latest === null || this.#latest.atMs < sinceMs) return null;
    const served = { ...this.#ended };
    for (const { told } of this.#known.values()) {
      served.count += told.requests;
      served.failed += told.errors;
    }
    return { requests: this.#latest.requests, served };
  }
}

/** A count that fell belongs to another program in the same process, such as after execve(2), which has counted from 0. */
function growthOf({ told, isFromStart }: ToldRequests, before: AppFigures | undefined): Growth {
  if (before === undefined) return isFromStart ? told : { requests: 0, errors: 0, buckets: new Map() };
  if (told.requests < before.requests || told.errors < before.errors) return told;
  const buckets = new Map([...told.buckets].map(([bound, count]) => [bound, Math.max(0, count - (before.buckets.get(bound) ?? 0))]));
  const requests = told.requests - before.requests;
  // An app may lie: no more than all requests are errors.
  return { requests, errors: Math.min(requests, told.errors - before.errors), buckets };
}

function add(sum: Growth, { requests, errors, buckets }: Growth): void {
  sum.requests += requests;
  sum.errors += errors;
  for (const [bound, count] of buckets) sum.buckets.set(bound, (sum.buckets.get(bound) ?? 0) + count);
}

const rounded = (value: number): number => Math.round(value * 10) / 10;

function sumOf(values: (number | null)[]): number | null {
  const known = values.filter((value) => value !== null);
  return known.length === 0 ? null : known.reduce((sum, value) => sum + value, 0);
}

function maxOf(values: (number | null)[]): number | null {
  const known = values.filter((value) => value !== null);
  return known.length === 0 ? null : Math.max(...known);
}
