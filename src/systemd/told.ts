// What systemd's words mean for us.
import { type State, states } from "../metrics/sample.ts";

/** ActiveState of a unit (org.freedesktop.systemd1(5)); null for a word that none of ours is in. */
export function stateOf(active: unknown): State | null {
  if (active === "reloading" || active === "refreshing") return "active";
  return states.find((state) => state === active) ?? null;
}
