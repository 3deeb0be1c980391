// What every reader of services stands on: how they are now, and what becomes of them.
import type { ModelEvent } from "./events.ts";
import type { Snapshot } from "./schema.ts";

export interface Model {
  /** The services of these names as they are now; one that is not defined any more is missing. */
  now(names: string[]): Promise<Snapshot>;
  /** All services: a snapshot, then what becomes another, until the signal. A later snapshot stands for all before it. */
  follow(options: FollowOptions): AsyncIterable<ModelEvent>;
}

export type FollowOptions = {
  signal: AbortSignal;
  /** How far apart samples may be at most; a second at the fastest. */
  paceMs: number;
};

/** A model that lives in another process, and may be gone. */
export interface ModelSource {
  /** Null where it is gone, or does not know all of these names yet. */
  now(names: string[]): Promise<Snapshot | null>;
  /** Ends also where it is gone. */
  follow(options: FollowOptions): AsyncIterable<ModelEvent>;
}
