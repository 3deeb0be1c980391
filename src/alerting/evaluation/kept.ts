// The state of the alerts on disk, so that it survives a restart of the agent: the schema, and reading and writing it.
import { join } from "node:path";
import * as v from "valibot";
import { readIfThere, writeWhole } from "../../base/files.ts";
import { namePattern } from "../../service/name.ts";
import { AlertEvent, severities } from "../message.ts";
import { alertStates } from "./states.ts";

const number = v.nullable(v.number());

/** An alert that is pending or firing, as status, monit and web show it. */
export const AlertNow = v.strictObject({
  rule: v.string(),
  /** The name of a service, or `bs9-host`. */
  subject: v.string(),
  /** Empty while the alert is pending. */
  id: v.string(),
  state: v.picklist(alertStates),
  severity: v.picklist(severities),
  /** When its condition became true, by the wall clock. */
  sinceMs: v.number(),
  /** When it fired, by the wall clock; null while it is pending. */
  firedMs: number,
  value: number,
  threshold: number,
  unit: v.nullable(v.string()),
  sentence: v.string(),
  /** Nobody is told while its subject is silenced. */
  isSilenced: v.boolean(),
  /** The user who has acknowledged it. */
  ackedBy: v.nullable(v.string()),
});
export type AlertNow = v.InferOutput<typeof AlertNow>;

/** Ages are by the monotonic clock, which counts from 0 in each boot. */
const KeptState = v.strictObject({
  version: v.literal(1),
  atMs: v.number(),
  alerts: v.array(v.strictObject({ ...v.omit(AlertNow, ["isSilenced", "ackedBy"]).entries, phaseAgeMs: v.number(), isTold: v.boolean() })),
  told: v.array(v.strictObject({ rule: v.string(), subject: v.string(), ageMs: v.number() })),
  /** What the id of the last firing of each rule on each subject was made from; an earlier version did not write it. */
  began: v.optional(v.array(v.strictObject({ rule: v.string(), subject: v.string(), began: v.string() })), []),
  /** Events that wait to be sent together with others, and for how long. */
  waiting: v.array(AlertEvent),
  leftMs: number,
  restarts: v.array(v.strictObject({ service: v.pipe(v.string(), v.regex(namePattern)), last: number, agesMs: v.array(v.number()) })),
});
export type Kept = v.InferOutput<typeof KeptState>;

const longestGapMs = 10_000;

/**
 * True if so much time has passed since the state was written that nobody can say what happened in between: whether a condition
 * lasted, or when a service restarted.
 */
export const hasGap = (kept: Kept, atMs: number): boolean => Math.abs(atMs - kept.atMs) > longestGapMs;

const maxBytes = 64 * 1024 * 1024;

const alertStateFile = (state: string): string => join(state, "alerts", "state.json");

/** Null where there is no state, or none that this version can read: every alert then begins again. */
export function readKept(state: string): Kept | null {
  try {
    const parsed = v.safeParse(KeptState, JSON.parse(readIfThere(alertStateFile(state), maxBytes) ?? "null"));
    return parsed.success ? parsed.output : null;
  } catch {
    return null;
  }
}

/** Not synced, because after a crash of the machine the services are in another state anyway. */
export function writeKept(state: string, kept: Omit<Kept, "version">): void {
  writeWhole(alertStateFile(state), JSON.stringify({ version: 1, ...kept }), 0o600, false);
}
