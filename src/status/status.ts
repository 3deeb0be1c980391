// Makes the status of a service from what was read of it. Pure.
import type { Glimpse, Reading, State } from "../backend/backend.ts";
import { delayOf } from "../backend/restarts.ts";
import type { Isolation, Limits, SandboxVerdict } from "../backend/verdict.ts";
import { probeOf } from "../health/probe.ts";
import type { Health } from "../metrics/sample.ts";
import type { Outcome } from "../service/registry.ts";
import { portOf, type Spec } from "../service/spec.ts";
import type { Figures, Observed, Status } from "./schema.ts";

/** Everything that a status is made of. */
export type Parts = {
  spec: Spec;
  reading: Reading | Glimpse;
  verdict: SandboxVerdict["verdict"];
  isolation: Isolation["verdict"] | null;
  outcome: Outcome | null;
  limits: Limits;
  /** When its main process started, by the wall clock. */
  startedMs: number | null;
  /**
   * The ports on which its processes listen, lowest first; null where they are unknown: then the state alone decides whether
   * the service is ready.
   */
  ports: number[] | null;
  health: Health;
  figures: Figures;
};

export function statusOf(seen: Parts, around: Pick<Status, "backend" | "figuresFrom" | "notices"> & { nowMs: number }): Status {
  const { spec, reading, outcome, startedMs, ports } = seen;
  const { nowMs, ...told } = around;
  const state = stateAfterOutcome(reading.state, outcome);
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
    // The port of the spec; if the spec has none, the lowest port on which the service listens.
    port: port ?? ports?.[0] ?? null,
    sandbox: seen.verdict,
    isolation: seen.isolation,
    unit: reading.unit,
    ...told,
    // lifecycle/reason fills this in, because it has to read the log.
    reason: null,
  };
}

/** A service that bs9 stopped because it did not become ready is `failed`, although the backend reports it as inactive. */
export function stateAfterOutcome<S extends Status["state"]>(state: S, outcome: Outcome | null): S | "failed" {
  return state === "inactive" && outcome !== null ? "failed" : state;
}

/**
 * The service in a new state, while nothing else is known of it yet. If its process has ended, its figures and its sandbox are
 * unknown.
 */
export function withState(observed: Observed, state: State): Observed {
  const { status } = observed;
  const isGone = state !== "active" && state !== "deactivating";
  const ended = {
    pid: null,
    uptimeMs: null,
    cpuPercent: null,
    cpuTimeMs: null,
    memoryBytes: null,
    memorySource: null,
    tasks: null,
    requests: null,
  };
  const sandbox = status.sandbox === "off" ? "off" : "unknown";
  const gone = isGone ? { ...ended, sandbox, isolation: null } : {};
  return { ...observed, status: { ...status, ...gone, state, ready: false, instances: { ...status.instances, ready: 0 } } };
}

/**
 * Restarts since the last start or restart by a command, or since the boot; `status`, `describe` and `export` all show this
 * number. After a failed start it is 0, because bs9 has stopped the service: restarts by systemd before that do not count.
 */
export function restartsOf({ restarts }: Pick<Reading, "restarts">, outcome: Outcome | null): number | null {
  return outcome === null ? restarts : 0;
}

/** When a service that waits for its next start is started, by the wall clock in ms since 1970. */
export function nextStartMs(spec: Spec, { waits }: Pick<Reading, "waits">): number | null {
  return waits === null ? null : waits.sinceMs + delayOf(waits.row, spec.restart.delayMs);
}

const order: Record<Status["state"], number> = { failed: 0, unknown: 2, activating: 2, deactivating: 3, active: 4, inactive: 5 };

/** Sorts in place, bad states first: failed, unhealthy, activating, deactivating, active, inactive; then by name. */
export function badFirst<O extends Observed>(observed: O[]): O[] {
  return observed.sort((a, b) => rank(a.status) - rank(b.status) || (a.status.name < b.status.name ? -1 : 1));
}

function rank(status: Status): number {
  return status.state === "active" && status.health === "unhealthy" ? 1 : order[status.state];
}
