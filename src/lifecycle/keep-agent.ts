// The agent runs as long as there are services; what keeps it from that is told, and keeps no service from anything.
import type { Deps } from "./deps.ts";

/** To be called under the registry's lock, after what was done. */
export async function keepAgent({ registry, agent, backend, warn }: Pick<Deps, "registry" | "agent" | "backend" | "warn">): Promise<void> {
  if (backend.agent === null) return;
  const isNeeded = registry.names().length > 0;
  const self = isNeeded ? await agent.self() : null;
  const seen = self === null ? "nobody" : self.version === agent.version ? "own" : "other";
  const trouble = await backend.agent.keep(isNeeded, seen);
  if (trouble !== null) warn(trouble);
}
