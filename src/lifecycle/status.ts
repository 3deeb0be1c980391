// The status of one service, as scripts get it; a figure that cannot be had is null. Pure.
import type { Backend, Foreign, Glimpse, Reading, State } from "../backend/backend.ts";
import type { Isolation, Limits, SandboxVerdict } from "../backend/verdict.ts";
import { probeOf } from "../health/probe.ts";
import type { Health, MemorySource } from "../metrics/sample.ts";
import type { Outcome } from "../service/registry.ts";
import { portOf, type Spec } from "../service/spec.ts";

export type Figures = {
  /** 100 is one core busy. */
  cpuPercent: number | null;
  /** CPU time that its processes have used since the main process started. */
  cpuTimeMs: number | null;
  memoryBytes: number | null;
  memorySource: MemorySource | null;
  tasks: number | null;
};

export type Status = Figures & {
  name: string;
  /** `unknown`: what runs the services does not answer, so that nobody can tell. */
  state: State | "unknown";
  ready: boolean;
  /** Null where the service has no check: neither --health, nor a port, nor exactly one that it listens on. `unknown` until the first probe has ended. */
  health: Health | null;
  pid: number | null;
  instances: { want: number; ready: number };
  restarts: number | null;
  uptimeMs: number | null;
  limits: Limits;
  port: number | null;
  requests: { perSecond: number; errorPercent: number; p50Ms: number; p95Ms: number } | null;
  sandbox: SandboxVerdict["verdict"];
  /** Whether signals, abstract sockets and limits of others stay out of its reach; null where it does not run. */
  isolation: Isolation["verdict"] | null;
  backend: Backend["kind"];
  unit: string;
  figuresFrom: "agent" | "live";
  notices: string[];
  /** Why the service is not well, in a sentence; null where it is well. */
  reason: string | null;
};

/** Why the health probe fails, and since when by the wall clock. */
export type Unwell = { reason: string; sinceMs: number };

/** What `status` knows of a service beside what scripts get, for hints. */
export type Observed = {
  status: Status;
  /** Wanted at the next boot. */
  wanted: boolean;
  /** How it last ended, in words. */
  end: string | null;
  /** When a service that waits for its next start is started, by the wall clock; null where it does not wait, or nobody knows. */
  nextStartMs: number | null;
  outcome: Outcome | null;
  unwell: Unwell | null;
  foreign: Foreign[];
};

/** What one is made of. */
export type Seen = {
  spec: Spec;
  reading: Reading | Glimpse;
  verdict: SandboxVerdict["verdict"];
  isolation: Isolation["verdict"] | null;
  outcome: Outcome | null;
  limits: Limits;
  /** When its main process started, by the wall clock. */
  startedMs: number | null;
  /** What its processes listen on, the lowest first; null where that cannot be told: its state has to do. */
  ports: number[] | null;
  health: Health;
  figures: Figures;
};

export function statusOf(seen: Seen, around: Pick<Status, "backend" | "figuresFrom" | "notices"> & { nowMs: number }): Status {
  const { spec, reading, outcome, startedMs, ports } = seen;
  const { nowMs, ...told } = around;
  const state = stateOf(reading.state, outcome);
  const isUp = state === "active";
  const port = portOf(spec);
  const listens = port === null || ports === null || ports.includes(port);
  const isReady = isUp && listens && seen.health !== "unhealthy";
  return {
    name: spec.name,
    state,
    ready: isReady,
    health: probeOf(spec, ports) === null ? null : seen.health,
    pid: reading.mainPid,
    instances: { want: reading.wanted || isUp ? 1 : 0, ready: isReady ? 1 : 0 },
    restarts: restartsOf(reading, outcome),
    uptimeMs: startedMs === null ? null : Math.max(0, Math.round(nowMs - startedMs)),
    ...seen.figures,
    limits: seen.limits,
    // Where none was given, what it was seen to listen on.
    port: port ?? ports?.[0] ?? null,
    requests: null,
    sandbox: seen.verdict,
    isolation: seen.isolation,
    unit: reading.unit,
    ...told,
    // To be found out by lifecycle/reason, which reads the log for it.
    reason: null,
  };
}

/** What was stopped because it did not come up is failed, whatever the backend made of the stopping. */
export function stateOf<S extends Status["state"]>(state: S, outcome: Outcome | null): S | "failed" {
  return state === "inactive" && outcome !== null ? "failed" : state;
}

/**
 * Restarts since somebody last started or restarted the service, or since the boot: the one count of status, describe and
 * export. A service that never came up was started once, whatever systemd did in the moment before bs9 stopped it.
 */
export function restartsOf({ restarts }: Pick<Reading, "restarts">, outcome: Outcome | null): number | null {
  return outcome === null ? restarts : 0;
}

const order: Record<Status["state"], number> = { failed: 0, unknown: 2, activating: 2, deactivating: 3, active: 4, inactive: 5 };

/** Bad ones first: failed, unhealthy, activating, deactivating, active, inactive; then by name. */
export function badFirst<O extends Observed>(observed: O[]): O[] {
  return observed.sort((a, b) => rank(a.status) - rank(b.status) || (a.status.name < b.status.name ? -1 : 1));
}

function rank(status: Status): number {
  return status.state === "active" && status.health === "unhealthy" ? 1 : order[status.state];
}
