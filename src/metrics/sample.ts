// Makes one sample with rates from two readings of the counters of a service or of the host. Pure. No rate is negative or
// doubled when a counter or the clock jumps.
import { type FigureName, type How, type RawName, tableOf } from "./figures.ts";
import type { SubjectKind } from "./subject.ts";

export const states = ["active", "activating", "deactivating", "inactive", "failed"] as const;
export type State = (typeof states)[number];

export const healths = ["healthy", "unhealthy", "unknown"] as const;
export type Health = (typeof healths)[number];

export const memorySources = ["cgroup", "processes"] as const;
export type MemorySource = (typeof memorySources)[number];

/** What the app itself tells of its HTTP requests, since the previous tick. */
export type RequestFigures = Record<OfRequests, number | null>;
type OfRequests = "requests" | "requestErrors" | "requestP50Ms" | "requestP95Ms" | "requestsInFlight" | "eventLoopLagMs";

/** The kernel's counters of a service; null where the kernel does not count, or does not let this user read the counter. */
export type Counters = Record<Exclude<RawName<"service">, "latencyMs" | "restarts" | OfRequests>, number | null> & {
  /**
   * Identifies the cgroup that counted, because a new cgroup of the same name counts from 0 again. Null where processes were
   * counted one by one.
   */
  countedIn: string | null;
  memorySource: MemorySource | null;
  /**
   * When the counters other than CPU and memory were read, on the monotonic clock. With many services they are not read in
   * every tick.
   */
  restReadAtMs: number | null;
};

/** The counters, with what the backend, the health probe and the app report of the service. Without an answer of the app its figures are absent. */
export type ServiceReading = Counters &
  Partial<RequestFigures> & {
    service: string;
    /** On the monotonic clock, performance.now(), because rates must not change when the wall clock is set. */
    readAtMs: number;
    state: State;
    health: Health;
    /** How long the last health probe took if it succeeded; null if it failed, or if there was none. */
    latencyMs: number | null;
    /** The number of restarts that the backend has counted; it starts from 0 again when a user starts the service. */
    restarts: number | null;
  };

export type Sample = Record<FigureName<"service">, number | null> & {
  service: string;
  state: State;
  health: Health;
  memorySource: MemorySource | null;
};

export type HostSample = Record<FigureName<"host">, number | null>;

/** When the counters were read, and which cgroup counted them. */
type Raw = Pick<ServiceReading, "readAtMs" | "countedIn" | "restReadAtMs">;
export type HostReading = Record<RawName<"host">, number | null> & Raw;

export function sampleOf(before: ServiceReading | null, now: ServiceReading): Sample {
  const { service, state, health, memorySource } = now;
  return measured("service", before, now, { service, state, health, memorySource });
}

export function hostSampleOf(before: HostReading | null, now: HostReading): HostSample {
  return measured("host", before, now, {});
}

/** Adds the figures to `to` itself, because copying a sample would cost as much as making it. */
function measured<K extends SubjectKind, T extends object>(
  kind: K,
  before: Values | null,
  now: Values,
  to: T,
): T & Record<FigureName<K>, number | null> {
  const step = stepOf(before, now);
  const sample: T & Partial<Record<FigureName, number | null>> = to;
  for (const { name, of, raw } of steps[kind]) sample[name] = of(step, raw);
  return sample as T & Record<FigureName<K>, number | null>;
}

type Counter = RawName<SubjectKind>;
type Values = Partial<Record<Counter, number | null>> & Raw;
type Step = { before: Values | null; now: Values; elapsedMs: number | null; restMs: number | null };

function stepOf(before: Values | null, now: Values): Step {
  const isNewRest = now.restReadAtMs !== null && now.restReadAtMs !== before?.restReadAtMs;
  return {
    before,
    now,
    elapsedMs: before === null ? null : now.readAtMs - before.readAtMs,
    restMs: isNewRest && before?.restReadAtMs != null && now.restReadAtMs !== null ? now.restReadAtMs - before.restReadAtMs : null,
  };
}

const figureBy: Record<How, (step: Step, raw: Counter) => number | null> = {
  read: ({ now }, raw) => now[raw] ?? null,
  ms: ({ now }, raw) => msOf(now[raw] ?? null),
  share: ({ before, now, elapsedMs }, raw) => percent(increase(before, now, raw), elapsedMs),
  grown: sinceRest,
  stalled: (step, raw) => stalled(sinceRest(step, raw), step.restMs),
  counted: ({ before, now }, raw) => countedBetween(before?.[raw] ?? null, now[raw] ?? null),
  elapsed: ({ elapsedMs }) => (elapsedMs !== null && elapsedMs > 0 ? elapsedMs : null),
};

const stepsOf = (kind: SubjectKind) => tableOf(kind).map(({ name, how, raw }) => ({ name, of: figureBy[how], raw: raw as Counter }));
const steps = { service: stepsOf("service"), host: stepsOf("host") };

function sinceRest({ before, now, restMs }: Step, raw: Counter): number | null {
  return restMs === null || restMs <= 0 ? null : increase(before, now, raw);
}

/**
 * The growth of a counter. A new cgroup has counted from 0, so its value is the growth. Null if the sum over single processes
 * fell, because an ended process took an unknown part of it away.
 */
function increase(before: Values | null, now: Values, name: Counter): number | null {
  const [then, value] = [before?.[name] ?? null, now[name] ?? null];
  if (then === null || value === null || before === null) return null;
  const isSame = before.countedIn === now.countedIn;
  if (isSame && value >= then) return value - then;
  return now.countedIn === null || before.countedIn === null ? null : value;
}

/** The growth of a count that starts from 0 again when a user starts the service; null where there is no count. */
function countedBetween(before: number | null, now: number | null): number | null {
  if (before === null || now === null) return null;
  return now >= before ? now - before : now;
}

export function msOf(usec: number | null): number | null {
  return usec === null ? null : Math.round(usec / 1000);
}

function percent(usec: number | null, elapsedMs: number | null): number | null {
  return usec === null || elapsedMs === null || elapsedMs <= 0 ? null : usec / elapsedMs / 10;
}

/** At most 100, because the kernel updates its sum with a delay, so that it can grow by more than the elapsed time. */
function stalled(usec: number | null, elapsedMs: number | null): number | null {
  const share = percent(usec, elapsedMs);
  return share === null ? null : Math.min(share, 100);
}
