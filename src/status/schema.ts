// The status of a service, in one schema for `--json`, the socket of the agent, and HTTP.
import * as v from "valibot";
import { AlertNow } from "../alerting/evaluation/kept.ts";
import { Notice } from "../backend/notice.ts";
import { healths, memorySources, states } from "../metrics/sample.ts";

const number = v.nullable(v.number());
const limit = v.nullable(v.strictObject({ value: v.number(), inForce: v.boolean() }));

/** Figures of the HTTP requests since the previous tick. Without a request only `perSecond` is known. */
const Requests = v.strictObject({
  perSecond: v.number(),
  /** The share that was answered with a status of 5xx. */
  errorPercent: number,
  p50Ms: number,
  p95Ms: number,
});
export type Requests = v.InferOutput<typeof Requests>;

/** How many HTTP requests its processes have answered since they started, and how many of them with a status of 5xx. */
const Served = v.strictObject({ count: v.number(), failed: v.number() });
export type Served = v.InferOutput<typeof Served>;

const figures = {
  /** 100 means that one core is busy all the time. */
  cpuPercent: number,
  /** CPU time that its processes have used since the main process started. */
  cpuTimeMs: number,
  memoryBytes: number,
  memorySource: v.nullable(v.picklist(memorySources)),
  tasks: number,
  /** Null where the app reports no requests. */
  requests: v.nullable(Requests),
};

/** A figure that cannot be measured is null. */
export const Figures = v.strictObject(figures);
export type Figures = v.InferOutput<typeof Figures>;

export const Status = v.strictObject({
  ...figures,
  name: v.string(),
  /** `unknown`: the backend does not answer. */
  state: v.picklist([...states, "unknown"]),
  ready: v.boolean(),
  /**
   * Null where nothing can be probed: the service has neither --health nor a port, and does not listen on exactly one port.
   * `unknown` until the first probe has ended.
   */
  health: v.nullable(v.picklist(healths)),
  pid: number,
  instances: v.strictObject({ want: v.number(), ready: v.number() }),
  restarts: number,
  uptimeMs: number,
  limits: v.strictObject({ memoryBytes: limit, cpuPercent: limit, tasks: limit, files: limit }),
  port: number,
  sandbox: v.picklist(["effective", "partial", "off", "unknown"]),
  /**
   * `full`: the service cannot signal other processes, reach their abstract sockets or change their limits. Null while it does
   * not run.
   */
  isolation: v.nullable(v.picklist(["full", "partial"])),
  backend: v.picklist(["systemd", "supervisor"]),
  unit: v.string(),
  figuresFrom: v.picklist(["agent", "live"]),
  notices: v.array(Notice),
  /** Why the service is not well, in a sentence; null while it is well. */
  reason: v.nullable(v.string()),
});
export type Status = v.InferOutput<typeof Status>;

/** The status of a service, and further facts that bs9 needs to explain it and that `--json` does not show. */
export const Observed = v.strictObject({
  status: Status,
  /** The service starts at the next boot. */
  wanted: v.boolean(),
  /** How the service last ended, in words. */
  end: v.nullable(v.string()),
  /**
   * When a service that waits for its next start will be started, by the wall clock; null where it does not wait, or the time
   * is unknown.
   */
  nextStartMs: number,
  /** Why the last start of the service failed; null unless it failed. */
  outcome: v.nullable(v.strictObject({ at: v.string(), cause: v.string() })),
  /** Why the health probe fails, and since when by the wall clock. */
  unwell: v.nullable(v.strictObject({ reason: v.string(), sinceMs: v.number() })),
  /** Null where the app reports no requests. */
  served: v.nullable(Served),
});
export type Observed = v.InferOutput<typeof Observed>;

/** The services that were asked for, at one time. */
export const Snapshot = v.strictObject({
  /** By the wall clock. */
  atMs: v.number(),
  services: v.array(Observed),
  /** Notices about units that name bs9 as their owner but do not belong to a service. */
  added: v.array(Notice),
  /** Notices that concern every service. */
  notices: v.array(Notice),
  /** Sentences for the user, for example about a spec that cannot be read. */
  warnings: v.array(v.string()),
  /** The alerts that are pending or firing, on services and on the host; null where no agent runs, which evaluates the rules. */
  alerts: v.nullable(v.array(AlertNow)),
  /** Figures of the host by name; null where they were not measured. */
  host: v.nullable(v.record(v.string(), number)),
});
export type Snapshot = v.InferOutput<typeof Snapshot>;
