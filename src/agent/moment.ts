// A `Moment`, the result of one turn of the agent: the files in collect/ make it, and the stages in act/ use it.
import type { Change } from "../backend/backend.ts";
import type { HealthOf } from "../health/monitor.ts";
import type { Health, HostSample, Sample } from "../metrics/sample.ts";
import type { Outcome } from "../service/registry.ts";
import type { Known } from "./collect/services.ts";

/**
 * A change with the health of the service at the time of the report, because the health may change before the change is stored.
 */
export type ReportedChange = Change & { health: Health };

export type Moment = {
  /** The time by the wall clock, which can be set forward or back, so it is used only as a label. */
  atMs: number;
  /** On the monotonic clock. */
  uptimeMs: number;
  services: ReadonlyMap<string, Known>;
  /** Services that changed after they were read, so that their reading is older than the reported change. */
  dirty: ReadonlySet<string>;
  /** This number differs from that of an earlier `Moment` if a service was read again in between. */
  version: number;
  healthOf(name: string): HealthOf;
  /** Why the last start of a service failed. */
  outcomes: ReadonlyMap<string, Outcome>;
  /** The changes that were reported since the previous turn, in order. */
  changes: readonly ReportedChange[];
  /** The services that were read again, or whose health changed, since the previous turn. */
  touched: ReadonlySet<string>;
  /** `tick`: with samples to store; `shown`: with samples for readers, which are not stored; `none`: without samples. */
  kind: "tick" | "shown" | "none";
  samples: readonly Sample[];
  /** The latest sample of the host; null before the first. */
  host: HostSample | null;
};

/**
 * A stage (one of the actions after each turn) takes everything that it needs from the `Moment`, and does not call another
 * stage.
 */
export type Stage = { act(moment: Moment): Promise<void> | void; close(): Promise<void> | void };
