// The interface for everything that shows services: their current state, and their changes.
import type { ModelEvent } from "./events.ts";
import type { Snapshot } from "./schema.ts";

export interface Model {
  /** The current state of the services with these names; a service that no longer exists is left out. */
  now(names: string[]): Promise<Snapshot>;
  /**
   * Follows all services until the signal: first a snapshot, then the changes. A later snapshot replaces all earlier events.
   */
  follow(options: FollowOptions): AsyncIterable<ModelEvent>;
}

export type FollowOptions = {
  signal: AbortSignal;
  /** The longest time between two samples; times below a second count as a second. */
  paceMs: number;
};

/** A model that may be gone, for example because its process has ended. */
export interface ModelSource {
  /** Null where the model is gone, or does not know all of these services yet. */
  now(names: string[]): Promise<Snapshot | null>;
  /** Also ends when the model is gone. */
  follow(options: FollowOptions): AsyncIterable<ModelEvent>;
}
