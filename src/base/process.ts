// The identity of a process across reuses of its pid, to be written to disk by one process and checked by another one.
import * as v from "valibot";
import { bootId, startTimeOf } from "./proc.ts";

export const ProcessIdentity = v.strictObject({ pid: v.number(), startTime: v.nullable(v.string()), boot: v.string() });
export type ProcessIdentity = v.InferOutput<typeof ProcessIdentity>;

export const ownProcess = (): ProcessIdentity => ({ pid: process.pid, startTime: startTimeOf(process.pid), boot: bootId() });

export function isRunning({ pid, startTime, boot }: ProcessIdentity): boolean {
  return startTime !== null && boot === bootId() && startTimeOf(pid) === startTime;
}

/** For an identity that was written as JSON: false also for a text that is not one. */
export function isRunningIn(text: string): boolean {
  try {
    const parsed = v.safeParse(ProcessIdentity, JSON.parse(text));
    return parsed.success && isRunning(parsed.output);
  } catch {
    return false;
  }
}
