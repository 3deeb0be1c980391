// The protocol between a command and the agent. A question and its answer are one line of JSON each; a reader then gets one
// more line for each event. Both sides parse with the schemas of this file.
import { join } from "node:path";
import * as v from "valibot";
import { Notice } from "../backend/notice.ts";
import type { Channel } from "../base/channel/head.ts";
import type * as agent from "../lifecycle/agent.ts";
import { namePattern } from "../service/name.ts";
import { Snapshot } from "../status/schema.ts";
import { version } from "../version.ts";

/** `protocol` is increased with every change that the other side would not understand. */
export const agentChannel: Channel = { protocol: 3, who: "agent", maxQuestionBytes: 1024 * 1024, maxAnswerBytes: 64 * 1024 * 1024 };

/** The version and commit of this bs9. Two processes run the same bs9 if both are equal. */
export const versionText = `${version.version}+${version.commit}`;

/** Samples come at most once a second, because the loop takes one turn a second. */
export const fastestPaceMs = 1000;
/** Upper limit of `paceMs` in a question. A longer pace has no use, because readers get the samples of every tick anyway. */
export const longestPaceMs = 3_600_000;

export const socketFile = (state: string): string => join(state, "agent.sock");
export const keyFile = (state: string): string => join(state, "agent.key");

export const Question = v.variant("ask", [
  v.strictObject({ ask: v.literal("now"), names: v.array(v.pipe(v.string(), v.regex(namePattern))) }),
  v.strictObject({ ask: v.literal("follow"), paceMs: v.pipe(v.number(), v.minValue(0), v.maxValue(longestPaceMs)) }),
  v.strictObject({ ask: v.literal("self") }),
  v.strictObject({ ask: v.literal("units"), calls: v.array(v.unknown()) }),
]);
export type Question = v.InferOutput<typeof Question>;

const number = v.nullable(v.number());

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
  notices: v.array(Notice),
}) satisfies v.GenericSchema<unknown, agent.Self>;

const head = { protocol: v.number(), pid: v.number() };

/** `version` is the version of the agent's process. Since the agent started, another version may have replaced bs9 on disk. */
export const AgentAnswer = v.union([
  v.strictObject({ ...head, version: v.string(), now: Snapshot }),
  v.strictObject({ ...head, version: v.string(), self: Self }),
  v.strictObject({ ...head, version: v.string(), units: v.array(v.unknown()) }),
  v.strictObject({ ...head, error: v.string() }),
]);
export type AgentAnswer = v.InferOutput<typeof AgentAnswer>;

/** The first line of a feed. Each event follows as one line. */
export const FeedHead = v.union([v.strictObject({ ...head, version: v.string() }), v.strictObject({ ...head, error: v.string() })]);
