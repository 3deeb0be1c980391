// The agent of this user, and what it reports about itself.
import type { Notice } from "../backend/notice.ts";

/** The costs of the agent, and its notices. */
export type Self = {
  pid: number;
  version: string;
  /** When it started, ISO 8601. */
  since: string;
  services: number;
  intervalMs: number;
  ticks: number;
  /** The number of ticks that began more than a second after they were due. */
  lateTicks: number;
  /** The number of ticks that ran out of time and left the expensive figures null. */
  overrunTicks: number;
  /** CPU time of a whole tick, over the last hundred ticks; null before the first tick. */
  tickCpuMs: { mean: number; max: number } | null;
  /** Mean since the agent started; 100 is one core. */
  cpuPercent: number;
  memoryBytes: number;
  databaseBytes: number | null;
  /** How the agent learns of state changes: from reports of the backend, or by asking the backend at each tick. */
  changesBy: "signals" | "asking";
  notices: Notice[];
};

export interface Agent {
  /** The version of this bs9, which its own agent has too. */
  readonly version: string;
  /** What the agent reports about itself; null if no agent runs, or if it does not answer in time. */
  self(): Promise<Self | null>;
  /** Why the agent did not answer the last request; null if it answered, or if no agent runs. */
  trouble(): string | null;
}
