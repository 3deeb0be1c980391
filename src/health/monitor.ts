// Probes many services: decides which is probed when, how many at once, and what their health is.
import type { HealthSettings } from "../config/health.ts";
import type { Spec } from "../service/spec.ts";
import type { HeldAmong } from "./addresses.ts";
import { type AskAlive, type Probe, probe, probeOf, type RunCheck } from "./probe.ts";
import { firstDueMs, nextDueMs, onBeatAfter, phaseOf } from "./schedule.ts";
import { graceMsOf, type HealthOf, type HealthVerdict, judged, unjudged } from "./verdict.ts";

export type { HealthOf };

export type Watched = {
  spec: Spec;
  /** Identifies the run of the service by pid and start time; each new run starts without a verdict on its health. */
  run: string;
  /** By performance.now(). */
  startedAtMs: number;
  /** The ports that the service listens on; null where they are unknown. */
  listens?: readonly number[] | null;
  /** The sockets that its processes hold now; without this function, any listener on its port counts as the service. */
  heldAmong?: HeldAmong;
  /** Asks its preload; absent where it has none. A health check that the user gave is not followed by it. */
  askAlive?: AskAlive | undefined;
};

export type Monitor = {
  /** The services that run now; all others are forgotten. A service without a probe keeps its health unknown. */
  watch(services: readonly Watched[]): void;
  /** Starts the probes that are due, and does not wait for them. */
  turn(nowMs: number): void;
  of(name: string): HealthOf;
  close(): void;
};

export type MonitorOptions = {
  settings: HealthSettings;
  /** Runs a command under the conditions of the service. */
  run(spec: Spec, command: string, timeoutMs: number): Promise<{ exitCode: number; timedOut: boolean }>;
  /** Called whenever the health of a running service changes. */
  onChange(name: string, now: HealthOf): void;
  now?: () => number;
  maxRunning?: number;
  /** Extra time for a probe to clean up; after it, a probe that has not ended no longer occupies a slot. */
  marginMs?: number;
};

type Known = {
  spec: Spec;
  run: string;
  listens: Watched["listens"];
  probe: Probe | null;
  heldAmong: HeldAmong | undefined;
  askAlive: AskAlive | undefined;
  graceEndsMs: number;
  phaseMs: number;
  dueMs: number;
  verdict: HealthVerdict;
  /** The number of the last `watch` list that contained this service. */
  list: number;
};

export function monitorOf(options: MonitorOptions): Monitor {
  const { settings, now = () => performance.now(), maxRunning = 32, marginMs = 10_000 } = options;
  const { intervalMs, timeoutMs } = settings;
  const services = new Map<string, Known>();
  /**
   * The running probes by the name of the service and not by its run, because a new run waits until the probe of the ended run
   * has ended.
   */
  const running = new Set<string>();
  /** Services whose probe has exceeded its time and still runs: a process that waits for a dead disk cannot even be killed. */
  const hanging = new Set<string>();
  /** Sorted so that the longest overdue service is last. */
  let due: Known[] = [];
  let list = 0;
  let isClosed = false;
  const never = toldOf(unjudged(now()));

  return {
    watch(watched) {
      list++;
      const nowMs = now();
      for (const one of watched) {
        const { name } = one.spec;
        const known = services.get(name);
        if (known === undefined || known.run !== one.run || !adopt(known, one)) begin(one, watched.length, nowMs);
        else {
          known.list = list;
          known.heldAmong = one.heldAmong;
          known.askAlive = one.askAlive;
        }
      }
      if (services.size !== watched.length) for (const [name, known] of services) if (known.list !== list) services.delete(name);
    },
    turn(nowMs) {
      due = [];
      for (const [name, known] of services) if (known.probe !== null && known.dueMs <= nowMs && !running.has(name)) due.push(known);
      due.sort((a, b) => a.dueMs - b.dueMs).reverse();
      startDue();
    },
    of(name) {
      const known = services.get(name);
      return known === undefined ? never : toldOf(known.verdict);
    },
    close() {
      isClosed = true;
      services.clear();
      due = [];
    },
  };

  /**
   * Takes over the new data of a known service. Returns false if the service is now probed in another way, so that the previous
   * results mean nothing.
   */
  function adopt(known: Known, { spec, startedAtMs, listens = null }: Watched): boolean {
    if (known.spec === spec && known.listens === listens) return true;
    if (!Bun.deepEquals(known.probe, probeOf(spec, listens), true)) return false;
    Object.assign(known, { spec, listens, graceEndsMs: startedAtMs + graceMsOf(spec) });
    return true;
  }

  function begin({ spec, run, startedAtMs, heldAmong, askAlive, listens = null }: Watched, among: number, nowMs: number): void {
    const { name } = spec;
    const before = services.get(name)?.verdict.health ?? "unknown";
    const graceEndsMs = startedAtMs + graceMsOf(spec);
    const dueMs = firstDueMs(name, nowMs, { isYoung: nowMs < graceEndsMs, services: among, intervalMs });
    const phaseMs = phaseOf(name, intervalMs);
    const probe = probeOf(spec, listens);
    services.set(name, { spec, run, listens, probe, heldAmong, askAlive, graceEndsMs, phaseMs, dueMs, verdict: unjudged(nowMs), list });
    if (before !== "unknown") tell(name);
  }

  function startDue(): void {
    while (running.size < maxRunning) {
      const next = due.pop();
      if (next === undefined) return;
      if (services.get(next.spec.name) === next && !running.has(next.spec.name)) void start(next);
    }
  }

  async function start(known: Known): Promise<void> {
    if (known.probe === null) return;
    const { name } = known.spec;
    const beganMs = now();
    const inGrace = beganMs < known.graceEndsMs;
    const isHurried = inGrace && known.verdict.health === "unknown";
    known.dueMs = nextDueMs(known.dueMs, beganMs, { isHurried, phaseMs: known.phaseMs, intervalMs });
    running.add(name);
    const reason = await reasonWithin(timeoutMs + marginMs, known, known.probe);
    running.delete(name);
    if (isClosed) return;
    const atMs = now();
    if (services.get(name) === known) settle(known, { reason, latencyMs: atMs - beganMs, atMs, inGrace });
    startDue();
  }

  /** A probe that never ends must not delay the others, and must not be started a second time. */
  async function reasonWithin(limitMs: number, { spec, heldAmong, askAlive }: Known, what: Probe): Promise<string | null> {
    const { name } = spec;
    if (hanging.has(name)) return "the previous probe has not ended";
    const { promise: tooLate, resolve } = Promise.withResolvers<string>();
    const timer = setTimeout(() => {
      hanging.add(name);
      resolve(`the probe did not end within ${limitMs} ms`);
    }, limitMs);
    timer.unref();
    const run: RunCheck = (command, leftMs) => options.run(spec, command, leftMs);
    const probed = probe(what, timeoutMs, run, { heldAmong, askAlive: spec.health === null ? askAlive : undefined }).finally(() => {
      clearTimeout(timer);
      hanging.delete(name);
    });
    return Promise.race([probed, tooLate]);
  }

  function settle(known: Known, probed: Parameters<typeof judged>[1]): void {
    const before = known.verdict.health;
    known.verdict = judged(known.verdict, probed, settings);
    // A service whose probe hangs is overdue all the time, and must not be probed before the others for that reason.
    known.dueMs = Math.max(known.dueMs, probed.atMs);
    if (known.verdict.health === before) return;
    if (before === "unknown") known.dueMs = onBeatAfter(probed.atMs, { phaseMs: known.phaseMs, intervalMs });
    tell(known.spec.name);
  }

  function tell(name: string): void {
    const known = services.get(name);
    if (known !== undefined) options.onChange(name, toldOf(known.verdict));
  }
}

function toldOf({ health, latencyMs, reason, sinceMs }: HealthVerdict): HealthOf {
  return { health, latencyMs, reason, sinceMs };
}
