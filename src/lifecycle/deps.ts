// Everything that the acts on services depend on, passed as a value.
import type { Backend } from "../backend/backend.ts";
import type { Defaults } from "../service/defaults.ts";
import type { Registry } from "../service/registry.ts";
import type { AgentClient } from "../status/agent-client.ts";
import type { Model } from "../status/model.ts";
import type { StorageReader } from "../storage/storage.ts";
import type { Trail } from "../trail/trail.ts";

export type Deps = {
  backend: Backend;
  /** The present state of the services. */
  model: Model;
  agent: Pick<AgentClient, "version" | "self" | "trouble">;
  registry: Registry;
  /** The values of options that the user does not give. */
  defaults: Defaults;
  trail: Pick<Trail, "append" | "last" | "newestFirst">;
  /** Reads the samples and state changes that the agent has stored. */
  storage: StorageReader;
  now: () => number;
  /** Shows what the command waits for; the next text replaces it. */
  progress: (text: string) => void;
  /** Prints a warning on stderr: a sentence that the user should see, although the command succeeds. */
  warn: (text: string) => void;
  /** Ends every wait of the command when it is aborted, for instance by Ctrl-C. */
  signal: AbortSignal;
  cwd: string;
  home: string;
  /** PATH of the caller. */
  path: string;
  share: string;
  /** The cache directory of bs9: its files can be removed at any time. */
  cache: string;
};

/** How long a command waits for another one to end: a start waits for its service, and a stop for its timeout. */
const lockTimeoutMs = 180_000;

/** Takes the registry's lock, which the caller disposes. While another command holds it, `deps.progress` names that command. */
export function lockRegistry(deps: Pick<Deps, "registry" | "progress">, what: string): Promise<Disposable> {
  return deps.registry.lock(what, lockTimeoutMs, (holder) => deps.progress(`waiting for another command: ${holder}`));
}
