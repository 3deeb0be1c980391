// Decides what a supervisor does with a service that an earlier supervisor left. Pure.
import type { Record } from "./record.ts";
import type { LifeEvent, LifeState } from "./table.ts";

export type Resumption =
  /** Start the service as if it had not run before. */
  | { kind: "start" }
  /** Take over the earlier process, whether or not it is alive, and repeat the events that were under way. */
  | { kind: "adopt"; events: LifeEvent[] }
  | { kind: "rest"; state: LifeState };

export function resumptionOf({ state, resume, process, wanted }: Record, isNewEra: boolean): Resumption {
  if (isNewEra) return wanted ? { kind: "start" } : { kind: "rest", state: "inactive" };
  if (process !== null) {
    // The previous supervisor already asked this process to end; it is to be started again afterwards.
    if (state === "restarting" || resume) return { kind: "adopt", events: ["adopted", "restart"] };
    if (state === "deactivating") return { kind: "adopt", events: ["adopted", "stop"] };
    if (state === "recycling") return { kind: "adopt", events: ["adopted", "recycle"] };
    return { kind: "adopt", events: ["adopted"] };
  }
  if (resume || state === "active" || state === "restarting" || state === "recycling") return { kind: "start" };
  return { kind: "rest", state: state === "deactivating" ? "inactive" : state };
}
