// The agent of this user: what it tells of itself.
import type { Notice } from "../backend/notice.ts";

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
  notices: Notice[];
};

export interface Agent {
  /** That an agent of this very bs9 has. */
  readonly version: string;
  /** Null where none lives here, or it does not answer in time. */
  self(): Promise<Self | null>;
  /** Why the last question had no answer, in words; null where it had one, or none lives. */
  trouble(): string | null;
}
