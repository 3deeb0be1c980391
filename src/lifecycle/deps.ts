// What the use cases work with, handed down as values.
import type { Backend } from "../backend/backend.ts";
import type { Defaults } from "../service/defaults.ts";
import type { Registry } from "../service/registry.ts";
import type { Model } from "../status/model.ts";
import type { StorageReader } from "../storage/storage.ts";
import type { Trail } from "../trail/trail.ts";
import type { Agent } from "./agent.ts";

export type Deps = {
  backend: Backend;
  /** How services are now. */
  model: Model;
  agent: Agent;
  registry: Registry;
  /** Of options that nobody gives. */
  defaults: Defaults;
  trail: Pick<Trail, "append" | "last" | "records">;
  /** Samples and changes of state that were kept. */
  storage: StorageReader;
  now: () => number;
  /** What is going on, for whoever waits; replaced by the next word. */
  progress: (text: string) => void;
  /** Prints a warning on stderr: a sentence that the user should see, although the command succeeds. */
  warn: (text: string) => void;
  /** Ends waiting, as Ctrl-C does. */
  signal: AbortSignal;
  cwd: string;
  home: string;
  /** PATH of the caller. */
  path: string;
  share: string;
};

/** Longest that a command waits for another one: a start may wait for its service, and a stop for its timeout. */
const lockTimeoutMs = 180_000;

/** The registry's lock around `work`; a word on who holds it goes to whoever waits. */
export function underLock<T>(deps: Pick<Deps, "registry" | "progress">, what: string, work: () => Promise<T>): Promise<T> {
  const { registry } = deps;
  return registry.locked(what, lockTimeoutMs, (holder) => deps.progress(`waiting: ${holder}, is at work`), work);
}
