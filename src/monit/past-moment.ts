// Makes the picture of a stored moment from what the history kept of it. Pure.
import type { AlertNow } from "../alerting/evaluation/kept.ts";
import type { AlertEvent } from "../alerting/message.ts";
import type { HostSample } from "../metrics/sample.ts";
import type { Observed, Requests } from "../status/schema.ts";
import type { Point } from "../storage/storage.ts";

export const hostFigures = (point: Point): Record<string, number | null> => point as Partial<HostSample> as Record<string, number | null>;

/** A service as it was: what the history stores, and its limits and its backend as they are now. */
export function pastService(name: string, point: Point, now: Observed | undefined): Observed {
  const state = point.state ?? "unknown";
  const noLimits = { memoryBytes: null, cpuPercent: null, tasks: null, files: null };
  return {
    status: {
      name,
      state,
      ready: state === "active" && point.health !== "unhealthy",
      health: point.health === undefined || (point.health === "unknown" && now?.status.health == null) ? null : point.health,
      pid: null,
      instances: { want: 1, ready: state === "active" ? 1 : 0 },
      restarts: point.restarts ?? null,
      uptimeMs: null,
      cpuPercent: point.cpuPercent ?? null,
      cpuTimeMs: point.cpuTimeMs ?? null,
      memoryBytes: point.memoryBytes ?? null,
      memorySource: point.memorySource ?? null,
      tasks: point.tasks === undefined || point.tasks === null ? null : Math.round(point.tasks),
      limits: now?.status.limits ?? noLimits,
      port: null,
      requests: requestsIn(point),
      sandbox: "unknown",
      isolation: null,
      backend: now?.status.backend ?? "systemd",
      unit: now?.status.unit ?? `${name}.service`,
      figuresFrom: "agent",
      notices: [],
      reason: null,
    },
    wanted: state !== "inactive",
    end: null,
    nextStartMs: null,
    outcome: null,
    unwell: null,
    served: null,
  };
}

/** Null where the service reported no requests. */
function requestsIn({ requests, requestErrors, requestP50Ms, requestP95Ms, elapsedMs }: Point): Requests | null {
  if (requests == null || elapsedMs == null || elapsedMs <= 0) return null;
  return {
    perSecond: Math.round((requests * 10_000) / elapsedMs) / 10,
    errorPercent: requests === 0 || requestErrors == null ? null : Math.round((requestErrors * 1000) / requests) / 10,
    p50Ms: requestP50Ms ?? null,
    p95Ms: requestP95Ms ?? null,
  };
}

/**
 * The alerts that had fired and were not resolved at a time, from the events in order of time. An event is stored up to a minute
 * after it happened, so the alerts that still fire now count as well.
 */
export function pastAlerts(events: readonly AlertEvent[], atMs: number, now: readonly AlertNow[]): AlertNow[] {
  const firing = new Map<string, AlertEvent>();
  for (const event of events) {
    if (event.atMs > atMs) continue;
    if (event.kind === "firing") firing.set(event.id, event);
    else firing.delete(event.id);
  }
  const untold = now.filter(({ id, firedMs }) => firedMs !== null && firedMs <= atMs && !firing.has(id));
  return [
    ...[...firing.values()].map(({ kind: _, atMs: firedMs, ...event }) => ({
      ...event,
      state: "firing" as const,
      firedMs,
      isSilenced: false,
      ackedBy: null,
    })),
    ...untold.map((one) => ({ ...one, isSilenced: false, ackedBy: null })),
  ];
}
