// What one turn of the agent has found: made by collect/, taken by each stage of act/.
import type { Change } from "../backend/backend.ts";
import type { HealthOf } from "../health/monitor.ts";
import type { Health, HostSample, Sample } from "../metrics/sample.ts";
import type { Outcome } from "../service/registry.ts";
import type { Known } from "./collect/services.ts";

/** A change with the health of the service when the change was told: what comes next may end it. */
export type ReportedChange = Change & { health: Health };

export type Moment = {
  /** By the wall clock: it labels, and may be set either way. */
  atMs: number;
  /** By the monotonic clock. */
  uptimeMs: number;
  services: ReadonlyMap<string, Known>;
  /** Services that changed after they were read: what is known of them is older than what was told. */
  dirty: ReadonlySet<string>;
  /** Another number where a service was read anew since. */
  version: number;
  healthOf(name: string): HealthOf;
  /** Why the last start of a service failed. */
  outcomes: ReadonlyMap<string, Outcome>;
  /** Told since the moment before, in order. */
  changes: readonly ReportedChange[];
  /** The services that were read anew, or have another health, since the moment before. */
  touched: ReadonlySet<string>;
  /** Which samples it has: those of a tick, those for readers alone, which are not stored, or none. */
  kind: "tick" | "shown" | "none";
  samples: readonly Sample[];
  /** The last sample of the machine; null before the first. */
  host: HostSample | null;
};

/** Takes the moment, and asks nobody for more. */
export type Stage = { act(moment: Moment): Promise<void> | void; close(): Promise<void> | void };
