// The state of the services that commands read: the answer of the agent if it runs and knows the services, otherwise bs9 reads
// the services itself.
import type { Backend } from "../backend/backend.ts";
import type { BackendKind } from "../backend/detect.ts";
import { interruptedBy, pause } from "../base/interrupt.ts";
import type { Registry } from "../service/registry.ts";
import type { Model, ModelSource } from "../status/model.ts";
import type { Snapshot } from "../status/schema.ts";

export type ModelOrLookDeps = {
  /** This is read for each answer, because an agent may begin in this process later. */
  source: () => ModelSource;
  registry: Registry;
  /** The kind of backend that is in use here. */
  kind: () => BackendKind;
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

export function modelOrLook({ source, registry, kind, backend, signal }: ModelOrLookDeps): Model {
  return {
    async now(names) {
      return (await told(names)) ?? (await lookAt(names));
    },
    async *follow(options) {
      while (!options.signal.aborted) {
        yield* source().follow(options);
        if (options.signal.aborted) return;
        const snapshot = await this.now(registry.names()).catch((error: unknown) => {
          if (options.signal.aborted) return null;
          throw error;
        });
        if (snapshot === null) return;
        yield { kind: "snapshot", snapshot };
        await pause(lookAgainMs, options.signal);
      }
    },
  };

  /** Asks the agent. Null if no agent answers, and if a killed command has left a change that the agent does not know of. */
  async function told(names: string[]): Promise<Snapshot | null> {
    const { changes, broken } = registry.abandoned();
    if (names.length === 0 || changes.length + broken.length > 0) return null;
    const here = kind();
    const askBackend = async () => (await backend()).answers?.();
    const waits = setTimeout(() => void askBackend().catch(() => {}), agentWaitsMs);
    const snapshot = await source()
      .now(names)
      .finally(() => clearTimeout(waits));
    return snapshot?.services.some(({ status }) => status.backend !== here) === true ? null : snapshot;
  }

  async function lookAt(names: string[]): Promise<Snapshot> {
    const opened = await backend();
    interruptedBy(signal);
    const { look } = await import("../status/look.ts");
    return look(names, { backend: opened, registry, now: Date.now, signal });
  }
}
