// Translates states of systemd into states of bs9.
import { type State, states } from "../../metrics/sample.ts";

/**
 * The state for an ActiveState of a unit (org.freedesktop.systemd1(5)); null for an unknown word. A unit that waits
 * for a delayed restart is `inactive` or `failed` and has a queued start job: its state is `activating`.
 */
export function unitState(active: unknown, hasJob: boolean): State | null {
  if (active === "reloading" || active === "refreshing") return "active";
  if (hasJob && (active === "inactive" || active === "failed")) return "activating";
  return states.find((state) => state === active) ?? null;
}
