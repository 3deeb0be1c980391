// Translates states of systemd into states of bs9.
import { type State, states } from "../../metrics/sample.ts";

/**
 * The state for an ActiveState of a unit (org.freedesktop.systemd1(5)); null for an unknown word. While a restart is delayed,
 * the unit is `inactive` or `failed` and has a job, because its start is queued behind the delay.
 */
export function unitState(active: unknown, hasJob: boolean): State | null {
  if (active === "reloading" || active === "refreshing") return "active";
  if (hasJob && (active === "inactive" || active === "failed")) return "activating";
  return states.find((state) => state === active) ?? null;
}
