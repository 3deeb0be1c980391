// What was seen of a service -> its status. Pure.
import type { Glimpse, Reading, State } from "../backend/backend.ts";
import { delayOf } from "../backend/restarts.ts";
import type { Isolation, Limits, SandboxVerdict } from "../backend/verdict.ts";
import { probeOf } from "../health/probe.ts";
import type { Health } from "../metrics/sample.ts";
import type { Outcome } from "../service/registry.ts";
import { portOf, type Spec } from "../service/spec.ts";
import type { Figures, Observed, Status } from "./schema.ts";

/** What a status is made of. */
export type Parts = {
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
export function stateAfterOutcome<S extends Status["state"]>(state: S, outcome: Outcome | null): S | "failed" {
  return state === "inactive" && outcome !== null ? "failed" : state;
}

/** A service of which nothing but another state is known yet. A process that has ended has no figures, and no sandbox. */
export function withState(observed: Observed, state: State): Observed {
  const { status } = observed;
  const isGone = state !== "active" && state !== "deactivating";
  const ended = { pid: null, uptimeMs: null, cpuPercent: null, cpuTimeMs: null, memoryBytes: null, memorySource: null, tasks: null };
  const sandbox = status.sandbox === "off" ? "off" : "unknown";
  const gone = isGone ? { ...ended, sandbox, isolation: null } : {};
  return { ...observed, status: { ...status, ...gone, state, ready: false, instances: { ...status.instances, ready: 0 } } };
}

/**
 * Restarts since somebody last started or restarted the service, or since the boot: the one count of status, describe and
 * export. A service that never came up was started once, whatever systemd did in the moment before bs9 stopped it.
 */
export function restartsOf({ restarts }: Pick<Reading, "restarts">, outcome: Outcome | null): number | null {
  return outcome === null ? restarts : 0;
}

/** When a service that waits for its next start is started, by the wall clock in ms since 1970. */
export function nextStartMs(spec: Spec, { waits }: Pick<Reading, "waits">): number | null {
  return waits === null ? null : waits.sinceMs + delayOf(waits.row, spec.restart.delayMs);
}

const order: Record<Status["state"], number> = { failed: 0, unknown: 2, activating: 2, deactivating: 3, active: 4, inactive: 5 };

/** Bad ones first: failed, unhealthy, activating, deactivating, active, inactive; then by name. */
export function badFirst<O extends Observed>(observed: O[]): O[] {
  return observed.sort((a, b) => rank(a.status) - rank(b.status) || (a.status.name < b.status.name ? -1 : 1));
}

function rank(status: Status): number {
  return status.state === "active" && status.health === "unhealthy" ? 1 : order[status.state];
}
