// What is said between a command and the agent: one line of JSON asks, one answers; the same schema on both sides.
import { join } from "node:path";
import * as v from "valibot";
import type { Channel } from "../base/channel/head.ts";
import type * as agent from "../lifecycle/agent.ts";
import { healths, memorySources, states } from "../metrics/sample.ts";
import { namePattern } from "../service/name.ts";
import { version } from "../version.ts";

/** `protocol` grows with every change that the other side would not understand. */
export const channel: Channel = { protocol: 2, who: "agent", maxQuestionBytes: 1024 * 1024, maxAnswerBytes: 64 * 1024 * 1024 };

/** Two agents of which it differs are not the same. */
export const versionText = `${version.version}+${version.commit}`;

export const socketFile = (state: string): string => join(state, "agent.sock");
export const keyFile = (state: string): string => join(state, "agent.key");

export const Question = v.variant("ask", [
  v.strictObject({ ask: v.literal("observe"), names: v.array(v.pipe(v.string(), v.regex(namePattern))) }),
  v.strictObject({ ask: v.literal("self") }),
]);
export type Question = v.InferOutput<typeof Question>;

const number = v.nullable(v.number());
const limit = v.nullable(v.strictObject({ value: v.number(), inForce: v.boolean() }));

const Status = v.strictObject({
  name: v.string(),
  state: v.picklist(states),
  ready: v.boolean(),
  health: v.nullable(v.picklist(healths)),
  pid: number,
  instances: v.strictObject({ want: v.number(), ready: v.number() }),
  restarts: number,
  uptimeMs: number,
  cpuPercent: number,
  cpuTimeMs: number,
  memoryBytes: number,
  memorySource: v.nullable(v.picklist(memorySources)),
  tasks: number,
  limits: v.strictObject({ memoryBytes: limit, cpuPercent: limit, tasks: limit, files: limit }),
  port: number,
  requests: v.null(),
  sandbox: v.picklist(["effective", "partial", "off", "unknown"]),
  isolation: v.nullable(v.picklist(["full", "partial"])),
  unit: v.string(),
  backend: v.picklist(["systemd", "supervisor"]),
  figuresFrom: v.picklist(["agent", "live"]),
  notices: v.array(v.string()),
  reason: v.nullable(v.string()),
});

const Foreign = v.strictObject({
  name: v.string(),
  kind: v.picklist(["missing", "edited", "older", "added", "drop-ins"]),
  files: v.array(v.string()),
});

const Observed = v.strictObject({
  status: Status,
  wanted: v.boolean(),
  end: v.nullable(v.string()),
  nextStartMs: number,
  outcome: v.nullable(v.strictObject({ at: v.string(), cause: v.string() })),
  unwell: v.nullable(v.strictObject({ reason: v.string(), sinceMs: v.number() })),
  foreign: v.array(Foreign),
});

const Told = v.strictObject({
  observed: v.array(Observed),
  added: v.array(Foreign),
  warnings: v.array(v.string()),
}) satisfies v.GenericSchema<unknown, agent.Told>;

const Self = v.strictObject({
  pid: v.number(),
  version: v.string(),
  since: v.string(),
  services: v.number(),
  intervalMs: v.number(),
  ticks: v.number(),
  lateTicks: v.number(),
  overrunTicks: v.number(),
  tickCpuMs: v.nullable(v.strictObject({ mean: v.number(), max: v.number() })),
  cpuPercent: v.number(),
  memoryBytes: v.number(),
  databaseBytes: number,
  changesBy: v.picklist(["signals", "asking"]),
  notices: v.array(v.string()),
}) satisfies v.GenericSchema<unknown, agent.Self>;

const head = { protocol: v.number(), pid: v.number() };

/** `version` is that of the agent: another bs9 may have taken its place on disk. */
export const Answer = v.union([
  v.strictObject({ ...head, version: v.string(), told: Told }),
  v.strictObject({ ...head, version: v.string(), self: Self }),
  v.strictObject({ ...head, error: v.string() }),
]);
export type Answer = v.InferOutput<typeof Answer>;
