// Keeps the agent running while there are services. A failure is only a warning, because services do not need the agent.
import type { Deps } from "./deps.ts";

/**
 * Starts the agent, or stops it if no service is left. To be called under the registry's lock, after a command has changed
 * services.
 */
export async function keepAgent({ registry, agent, backend, warn }: Pick<Deps, "registry" | "agent" | "backend" | "warn">): Promise<void> {
  if (backend.agent === null) return;
  const isNeeded = registry.names().length > 0;
  const self = isNeeded ? await agent.self() : null;
  const seen = self === null ? "nobody" : self.version === agent.version ? "own" : "other";
  const trouble = await backend.agent.keep(isNeeded, seen);
  if (trouble !== null) warn(trouble);
}
