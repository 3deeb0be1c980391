// The interface for everything that shows services: their current state, and their changes.
import type { ModelEvent } from "./events.ts";
import type { Snapshot } from "./schema.ts";

export interface Model {
  /** The current state of the services with these names; a service that no longer exists is left out. */
  now(names: string[]): Promise<Snapshot>;
  /**
   * Follows all services until the AbortSignal is aborted: first a snapshot, then the changes. A later snapshot replaces all
   * earlier events.
   */
  follow(options: FollowOptions): AsyncIterable<ModelEvent>;
}

export type FollowOptions = {
  signal: AbortSignal;
  /** The longest time between two samples; times below a second count as a second. */
  paceMs: number;
};

/** A model in another process, which may have ended. */
export interface ModelSource {
  /** The current state of these services; null if the other process has ended, or does not know all of these services yet. */
  now(names: string[]): Promise<Snapshot | null>;
  /** Follows the services as Model does, and also ends when the other process has ended. */
  follow(options: FollowOptions): AsyncIterable<ModelEvent>;
}
