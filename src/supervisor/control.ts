// What is said over the control socket: one line of JSON asks, one answers; the same schema on both sides.
import { join } from "node:path";
import * as v from "valibot";
import { namePattern } from "../service/name.ts";
import { Spec } from "../service/spec.ts";

/** Grows with every change that the other side would not understand. */
export const protocol = 1;
/** Of a request, an answer: a thousand specs with large environments. */
export const maxMessageBytes = 64 * 1024 * 1024;

export const socketFile = (state: string): string => join(state, "supervisor.sock");
export const lockFile = (state: string): string => join(state, "supervisor.lock");
export const keyFile = (state: string): string => join(state, "supervisor.key");
export const logFile = (state: string): string => join(state, "supervisor.log");

const names = v.array(v.pipe(v.string(), v.regex(namePattern)));

/**
 * Comes first, in a line of its own. Who knows what is in the key file may ask: a service that is shut in reaches the
 * socket, for Landlock does not keep it from connecting, and not the file.
 */
export const headOf = (key: string): string => `${protocol} ${key}\n`;
/** Who has not shown the key within so much is not listened to. */
export const maxHeadBytes = 128;

export const Request = v.variant("act", [
  v.strictObject({ act: v.literal("define"), specs: v.array(v.strictObject({ spec: Spec, derived: v.string() })) }),
  v.strictObject({ act: v.picklist(["read", "start", "stop", "restart", "forget"]), names }),
  v.strictObject({ act: v.literal("want"), names, wanted: v.boolean() }),
]);
export type Request = v.InferOutput<typeof Request>;

/** Of an answer before all else, so that another version is told from nonsense. */
export const Versioned = v.looseObject({ protocol: v.number(), pid: v.number() });

const Told = v.strictObject({
  name: v.string(),
  state: v.picklist(["active", "activating", "deactivating", "inactive", "failed"]),
  mainPid: v.nullable(v.number()),
  cgroup: v.nullable(v.string()),
  restarts: v.number(),
  end: v.nullable(v.string()),
  wanted: v.boolean(),
  derived: v.string(),
});
export type Told = v.InferOutput<typeof Told>;

export const Answer = v.union([
  v.strictObject({ protocol: v.number(), pid: v.number(), told: v.array(Told) }),
  v.strictObject({ protocol: v.number(), pid: v.number(), error: v.string() }),
]);
export type Answer = v.InferOutput<typeof Answer>;
