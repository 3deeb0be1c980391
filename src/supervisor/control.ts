// The protocol of the control socket: one line of JSON is the request, one line is the answer; both sides use the same schema.
import { join } from "node:path";
import * as v from "valibot";
import type { Side } from "../base/channel/ask.ts";
import type { Channel } from "../base/channel/head.ts";
import { namePattern } from "../service/name.ts";
import { Spec } from "../service/spec.ts";
import { DefinedPlan } from "./record.ts";

/** The limit is large enough for a thousand specs with large environments. */
export const controlChannel: Channel = {
  protocol: 5,
  who: "supervisor",
  maxQuestionBytes: 64 * 1024 * 1024,
  maxAnswerBytes: 64 * 1024 * 1024,
};

export const controlSocket = (state: string): string => join(state, "supervisor.sock");
export const lockFile = (state: string): string => join(state, "supervisor.lock");
export const controlKey = (state: string): string => join(state, "supervisor.key");
export const sideOf = (state: string): Side => ({ path: controlSocket(state), keyFile: controlKey(state), channel: controlChannel });
export const supervisorLogFile = (state: string): string => join(state, "supervisor.log");

const names = v.array(v.pipe(v.string(), v.regex(namePattern)));

export const ControlRequest = v.variant("act", [
  v.strictObject({ act: v.literal("define"), specs: v.array(v.strictObject({ spec: Spec, derived: v.string(), plan: DefinedPlan })) }),
  v.strictObject({ act: v.picklist(["read", "start", "stop", "restart", "forget"]), names }),
  v.strictObject({ act: v.literal("recycle"), names, why: v.string() }),
  v.strictObject({ act: v.literal("want"), names, wanted: v.boolean() }),
  // The supervisor ends and leaves its services running, because another supervisor takes them over.
  v.strictObject({ act: v.literal("leave") }),
]);
export type ControlRequest = v.InferOutput<typeof ControlRequest>;
/** The requests that start, stop, read or change services. */
export type ServiceRequest = Exclude<ControlRequest, { act: "leave" }>;

/** Every answer of every protocol version has these fields, so that a client recognizes an answer of another version. */
export const Versioned = v.looseObject({ protocol: v.number(), pid: v.number() });

const ServiceReport = v.strictObject({
  name: v.string(),
  state: v.picklist(["active", "activating", "deactivating", "inactive", "failed"]),
  mainPid: v.nullable(v.number()),
  cgroup: v.nullable(v.string()),
  restarts: v.number(),
  end: v.nullable(v.string()),
  waits: v.nullable(v.strictObject({ row: v.number(), sinceMs: v.number() })),
  wanted: v.boolean(),
  derived: v.string(),
});
export type ServiceReport = v.InferOutput<typeof ServiceReport>;

export const ControlAnswer = v.union([
  v.strictObject({ protocol: v.number(), pid: v.number(), told: v.array(ServiceReport) }),
  v.strictObject({ protocol: v.number(), pid: v.number(), error: v.string() }),
]);
export type ControlAnswer = v.InferOutput<typeof ControlAnswer>;
