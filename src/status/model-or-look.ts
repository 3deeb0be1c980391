// The state of the services that commands read: the answer of the agent if it runs and knows the services, otherwise bs9 reads
// the services itself.
import type { Backend } from "../backend/backend.ts";
import { detect } from "../backend/detect.ts";
import { interruptedBy, pause } from "../base/interrupt.ts";
import type { Registry } from "../service/registry.ts";
import type { ModelEvent } from "./events.ts";
import type { FollowOptions, Model, ModelSource } from "./model.ts";
import type { Snapshot } from "./schema.ts";

export type ModelOrLookDeps = {
  agent: ModelSource;
  registry: Registry;
  /** The environment, which may choose the backend. */
  env: Record<string, string | undefined>;
  /** Opens the backend, which an answer of the agent does not need. */
  backend: () => Promise<Backend>;
  signal: AbortSignal;
};

/**
 * An agent that needs longer than this may be waiting for the user manager, so the user manager is asked as well; both together
 * then take less than 5 s.
 */
const agentWaitsMs = 300;
/** Without an agent nobody reports changes, so the services are read again and again. */
const lookAgainMs = 2000;

export class ModelOrLook implements Model {
  /** Asked first. Another agent takes its place where the agent is part of this process. */
  agent: ModelSource;
  readonly #deps: Omit<ModelOrLookDeps, "agent">;

  constructor({ agent, ...deps }: ModelOrLookDeps) {
    this.agent = agent;
    this.#deps = deps;
  }

  async now(names: string[]): Promise<Snapshot> {
    return (await this.#told(names)) ?? (await this.#look(names));
  }

  async *follow(options: FollowOptions): AsyncGenerator<ModelEvent> {
    while (!options.signal.aborted) {
      yield* this.agent.follow(options);
      if (options.signal.aborted) return;
      const snapshot = await this.now(this.#deps.registry.names()).catch((error: unknown) => {
        if (options.signal.aborted) return null;
        throw error;
      });
      if (snapshot === null) return;
      yield { kind: "snapshot", snapshot };
      await pause(lookAgainMs, options.signal);
    }
  }

  /** Asks the agent. Null if no agent answers, and if a killed command has left a change that the agent does not know of. */
  async #told(names: string[]): Promise<Snapshot | null> {
    const { registry, env, backend } = this.#deps;
    const { changes, broken } = registry.abandoned();
    if (names.length === 0 || changes.length + broken.length > 0) return null;
    const here = detect(env, registry);
    const askBackend = async () => (await backend()).answers?.();
    const waits = setTimeout(() => void askBackend().catch(() => {}), agentWaitsMs);
    const snapshot = await this.agent.now(names).finally(() => clearTimeout(waits));
    return snapshot?.services.some(({ status }) => status.backend !== here) === true ? null : snapshot;
  }

  async #look(names: string[]): Promise<Snapshot> {
    const { backend, registry, signal } = this.#deps;
    const opened = await backend();
    interruptedBy(signal);
    const { look } = await import("./look.ts");
    return look(names, { backend: opened, registry, now: Date.now, signal });
  }
}
