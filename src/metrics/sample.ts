// Two readings of a service's counters -> one sample with rates; pure, and never negative or doubled when a counter or the clock jumps.

export const states = ["active", "activating", "deactivating", "inactive", "failed"] as const;
export type State = (typeof states)[number];

export const healths = ["healthy", "unhealthy", "unknown"] as const;
export type Health = (typeof healths)[number];

export const memorySources = ["cgroup", "processes"] as const;
export type MemorySource = (typeof memorySources)[number];

/** What the kernel counts for a service; null where it does not, or does not tell this user. */
export type Counters = {
  /** Names what was counted: a cgroup that was made anew starts from 0 again. Null where processes were counted one by one. */
  countedIn: string | null;
  cpuUsec: number | null;
  memoryBytes: number | null;
  memorySource: MemorySource | null;
  tasks: number | null;
  openFiles: number | null;
  ioReadBytes: number | null;
  ioWriteBytes: number | null;
  /** Time in which at least one task waited for it, see the kernel's psi.rst. */
  cpuStalledUsec: number | null;
  memoryStalledUsec: number | null;
  ioStalledUsec: number | null;
  /** When all but CPU and memory were read, by the monotonic clock: where services are many, not in every tick. */
  restReadAtMs: number | null;
};

/** The counters with what the backend and the probe say of the service. */
export type Reading = Counters & {
  service: string;
  /** The monotonic clock, performance.now(): what rates are made with. The wall clock only labels. */
  readAtMs: number;
  state: State;
  health: Health;
  /** How long the last health probe took, where it succeeded; null where it failed, or where there was none. */
  latencyMs: number | null;
  /** The backend's own count; it starts from 0 again when somebody starts the service. */
  restarts: number | null;
};

export type Sample = {
  service: string;
  state: State;
  health: Health;
  /** Since the sample before: more than the interval where a tick came late. Null for the first one. */
  elapsedMs: number | null;
  /** 100 is one core busy. */
  cpuPercent: number | null;
  /** CPU time that its processes have used since the main process started, in whole milliseconds. */
  cpuTimeMs: number | null;
  memoryBytes: number | null;
  memorySource: MemorySource | null;
  tasks: number | null;
  openFiles: number | null;
  /** Since they were last read. */
  ioReadBytes: number | null;
  ioWriteBytes: number | null;
  cpuPressurePercent: number | null;
  memoryPressurePercent: number | null;
  ioPressurePercent: number | null;
  latencyMs: number | null;
  restarts: number | null;
  /** Restarts since the sample before. */
  restarted: number | null;
};

export function sampleOf(before: Reading | null, now: Reading): Sample {
  const elapsedMs = before === null ? null : now.readAtMs - before.readAtMs;
  const isNewRest = now.restReadAtMs !== null && now.restReadAtMs !== before?.restReadAtMs;
  const restMs = isNewRest && before?.restReadAtMs != null && now.restReadAtMs !== null ? now.restReadAtMs - before.restReadAtMs : null;
  const sinceRest = (of: CounterName) => (restMs === null || restMs <= 0 ? null : increase(before, now, of));
  return {
    service: now.service,
    state: now.state,
    health: now.health,
    elapsedMs: elapsedMs !== null && elapsedMs > 0 ? elapsedMs : null,
    cpuPercent: percent(increase(before, now, "cpuUsec"), elapsedMs),
    cpuTimeMs: msOf(now.cpuUsec),
    memoryBytes: now.memoryBytes,
    memorySource: now.memorySource,
    tasks: now.tasks,
    openFiles: now.openFiles,
    ioReadBytes: sinceRest("ioReadBytes"),
    ioWriteBytes: sinceRest("ioWriteBytes"),
    cpuPressurePercent: stalled(sinceRest("cpuStalledUsec"), restMs),
    memoryPressurePercent: stalled(sinceRest("memoryStalledUsec"), restMs),
    ioPressurePercent: stalled(sinceRest("ioStalledUsec"), restMs),
    latencyMs: now.latencyMs,
    restarts: now.restarts,
    restarted: restartsBetween(before?.restarts ?? null, now.restarts),
  };
}

type CounterName = "cpuUsec" | "ioReadBytes" | "ioWriteBytes" | "cpuStalledUsec" | "memoryStalledUsec" | "ioStalledUsec";

/** A cgroup that was made anew has counted from 0; of processes, one that ended took its share with it, and nobody can tell how much. */
function increase(before: Reading | null, now: Reading, name: CounterName): number | null {
  const [then, value] = [before?.[name] ?? null, now[name]];
  if (then === null || value === null || before === null) return null;
  const isSame = before.countedIn === now.countedIn;
  if (isSame && value >= then) return value - then;
  return now.countedIn === null || before.countedIn === null ? null : value;
}

/** Null where the backend does not count; from 0 again where somebody started the service in between. */
function restartsBetween(before: number | null, now: number | null): number | null {
  if (before === null || now === null) return null;
  return now >= before ? now - before : now;
}

export function msOf(usec: number | null): number | null {
  return usec === null ? null : Math.round(usec / 1000);
}

function percent(usec: number | null, elapsedMs: number | null): number | null {
  return usec === null || elapsedMs === null || elapsedMs <= 0 ? null : usec / elapsedMs / 10;
}

/** Never over 100: the kernel brings its sum up to date a moment later than the clock. */
function stalled(usec: number | null, elapsedMs: number | null): number | null {
  const share = percent(usec, elapsedMs);
  return share === null ? null : Math.min(share, 100);
}
