// The supervisor from within its own process, where the agent is a part of it.
import type { Change } from "../backend/backend.ts";
import type { Asker } from "./client.ts";
import type { Request, Told } from "./control.ts";

export type Link = {
  ask(request: Request): Promise<Told[]>;
  /** Returns what ends it. */
  hear(onChange: (change: Change) => void): () => void;
};

export const askerOf = (link: Link): Asker => ({
  ask: (request) => link.ask(request),
  // It asks itself.
  async bringUp() {},
});
