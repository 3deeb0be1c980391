// What every reader of services stands on: how they are now.
import type { Snapshot } from "./schema.ts";

export interface Model {
  /** The services of these names as they are now; one that is not defined any more is missing. */
  now(names: string[]): Promise<Snapshot>;
}

/** A model that lives in another process, and may be gone. */
export interface Source {
  /** Null where it is gone, or does not know all of these names yet. */
  now(names: string[]): Promise<Snapshot | null>;
}
