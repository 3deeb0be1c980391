// What bs9 tells of a service: the one declaration behind `--json`, the socket of the agent, and HTTP.
import * as v from "valibot";
import { Notice } from "../backend/notice.ts";
import { healths, memorySources, states } from "../metrics/sample.ts";

const number = v.nullable(v.number());
const limit = v.nullable(v.strictObject({ value: v.number(), inForce: v.boolean() }));

const figures = {
  /** 100 is one core busy. */
  cpuPercent: number,
  /** CPU time that its processes have used since the main process started. */
  cpuTimeMs: number,
  memoryBytes: number,
  memorySource: v.nullable(v.picklist(memorySources)),
  tasks: number,
};

/** A figure that cannot be had is null. */
export const Figures = v.strictObject(figures);
export type Figures = v.InferOutput<typeof Figures>;

export const Status = v.strictObject({
  ...figures,
  name: v.string(),
  /** `unknown`: what runs the services does not answer, so that nobody can tell. */
  state: v.picklist([...states, "unknown"]),
  ready: v.boolean(),
  /** Null where the service has no check: neither --health, nor a port, nor exactly one that it listens on. `unknown` until the first probe has ended. */
  health: v.nullable(v.picklist(healths)),
  pid: number,
  instances: v.strictObject({ want: v.number(), ready: v.number() }),
  restarts: number,
  uptimeMs: number,
  limits: v.strictObject({ memoryBytes: limit, cpuPercent: limit, tasks: limit, files: limit }),
  port: number,
  requests: v.nullable(v.strictObject({ perSecond: v.number(), errorPercent: v.number(), p50Ms: v.number(), p95Ms: v.number() })),
  sandbox: v.picklist(["effective", "partial", "off", "unknown"]),
  /** Whether signals, abstract sockets and limits of others stay out of its reach; null where it does not run. */
  isolation: v.nullable(v.picklist(["full", "partial"])),
  backend: v.picklist(["systemd", "supervisor"]),
  unit: v.string(),
  figuresFrom: v.picklist(["agent", "live"]),
  notices: v.array(Notice),
  /** Why the service is not well, in a sentence; null where it is well. */
  reason: v.nullable(v.string()),
});
export type Status = v.InferOutput<typeof Status>;

/** A status, and the facts beside it that hints and reasons need and `--json` does not show. */
export const Observed = v.strictObject({
  status: Status,
  /** Wanted at the next boot. */
  wanted: v.boolean(),
  /** How it last ended, in words. */
  end: v.nullable(v.string()),
  /** When a service that waits for its next start is started, by the wall clock; null where it does not wait, or nobody knows. */
  nextStartMs: number,
  /** Why its last start failed. */
  outcome: v.nullable(v.strictObject({ at: v.string(), cause: v.string() })),
  /** Why the health probe fails, and since when by the wall clock. */
  unwell: v.nullable(v.strictObject({ reason: v.string(), sinceMs: v.number() })),
});
export type Observed = v.InferOutput<typeof Observed>;

/** All that was asked for, in one moment. */
export const Snapshot = v.strictObject({
  /** By the wall clock. */
  atMs: v.number(),
  services: v.array(Observed),
  /** Units with our mark that no service is behind. */
  added: v.array(Notice),
  /** Notices that concern every service. */
  notices: v.array(Notice),
  /** What the reader should hear, such as a spec that cannot be read. */
  warnings: v.array(v.string()),
  /** Figures of the machine by name; null where nobody has measured them. */
  host: v.nullable(v.record(v.string(), number)),
});
export type Snapshot = v.InferOutput<typeof Snapshot>;
