// What a supervisor does with a service that an earlier one has left. Pure.
import type { Record } from "./record.ts";
import type { LifeEvent, LifeState } from "./table.ts";

export type Resumption =
  /** As if nothing had happened before. */
  | { kind: "start" }
  /** The process of before, whether or not it lives, and what was already under way with it. */
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
