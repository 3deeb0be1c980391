// The agent as the use cases see it: somebody who may live, and then knows more than one look can tell.
import type { Foreign } from "../backend/backend.ts";
import type { Observed } from "./status.ts";

export type Told = {
  observed: Observed[];
  /** Units with our mark that no service is behind. */
  added: Foreign[];
  /** What its user should hear, such as a spec that cannot be read. */
  warnings: string[];
};

/** What the agent costs and has to tell of itself. */
export type Self = {
  pid: number;
  version: string;
  /** When it started, ISO 8601. */
  since: string;
  services: number;
  intervalMs: number;
  ticks: number;
  /** Ticks that began more than a second after they were due. */
  lateTicks: number;
  /** Ticks that ran out of time and left the dearer figures null. */
  overrunTicks: number;
  /** CPU time of one tick, all that it does included, over the last hundred; null before the first. */
  tickCpuMs: { mean: number; max: number } | null;
  /** Over its whole life; 100 is one core. */
  cpuPercent: number;
  memoryBytes: number;
  databaseBytes: number | null;
  /** How state changes come to it: by signals, or by asking with each tick. */
  changesBy: "signals" | "asking";
  notices: string[];
};

/** Null also where it leaves one out without a word: it has not heard of that yet, and others can look. */
export function ofAll(told: Told | null, names: string[]): Told | null {
  return told !== null && told.observed.length < names.length && told.warnings.length === 0 ? null : told;
}

export interface Agent {
  /** That an agent of this very bs9 has. */
  readonly version: string;
  /** Null where none lives here, or it does not answer in time. */
  observe(names: string[]): Promise<Told | null>;
  self(): Promise<Self | null>;
  /** Why the last question had no answer, in words; null where it had one, or none lives. */
  trouble(): string | null;
}
