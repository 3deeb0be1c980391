// The protocol between a command and the agent. A question and its answer are one line of JSON each; a reader then gets one
// more line for each event. Both sides parse with the schemas of this file.
import * as v from "valibot";
import { Notice } from "../backend/notice.ts";
import { namePattern } from "../service/name.ts";
import { Snapshot } from "./schema.ts";

/** Samples come at most once a second, because the loop takes one turn a second. */
export const fastestPaceMs = 1000;
/** Upper limit of `paceMs` in a question. A longer pace has no use, because readers get the samples of every tick anyway. */
export const longestPaceMs = 3_600_000;

export const Question = v.variant("ask", [
  v.strictObject({ ask: v.literal("now"), names: v.array(v.pipe(v.string(), v.regex(namePattern))) }),
  v.strictObject({ ask: v.literal("follow"), paceMs: v.pipe(v.number(), v.minValue(0), v.maxValue(longestPaceMs)) }),
  v.strictObject({ ask: v.literal("self") }),
  v.strictObject({ ask: v.literal("units"), calls: v.array(v.unknown()) }),
]);
export type Question = v.InferOutput<typeof Question>;

/** What the agent reports about itself: its costs, and its notices. */
export const Self = v.strictObject({
  pid: v.number(),
  version: v.string(),
  /** When it started, ISO 8601. */
  since: v.string(),
  services: v.number(),
  intervalMs: v.number(),
  ticks: v.number(),
  /** The number of ticks that began more than a second after they were due. */
  lateTicks: v.number(),
  /** The number of ticks that ran out of time and left the expensive figures null. */
  overrunTicks: v.number(),
  /** CPU time of a whole tick, over the last hundred ticks; null before the first tick. */
  tickCpuMs: v.nullable(v.strictObject({ mean: v.number(), max: v.number() })),
  /** Mean since the agent started; 100 is one core. */
  cpuPercent: v.number(),
  memoryBytes: v.number(),
  databaseBytes: v.nullable(v.number()),
  /** How the agent learns of state changes: from reports of the backend, or by asking the backend at each tick. */
  changesBy: v.picklist(["signals", "asking"]),
  notices: v.array(Notice),
});
export type Self = v.InferOutput<typeof Self>;

const head = { protocol: v.number(), pid: v.number() };

/** `version` is the version of the agent's process. Since the agent started, another version may have replaced bs9 on disk. */
export const AgentAnswer = v.union([
  v.strictObject({ ...head, version: v.string(), now: Snapshot }),
  v.strictObject({ ...head, version: v.string(), self: Self }),
  v.strictObject({ ...head, error: v.string() }),
]);
export type AgentAnswer = v.InferOutput<typeof AgentAnswer>;

/** The first line of a feed. Each event follows as one line. */
export const FeedHead = v.union([v.strictObject({ ...head, version: v.string() }), v.strictObject({ ...head, error: v.string() })]);
