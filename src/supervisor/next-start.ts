// Decides what follows the end of a service: another start, after which delay, or none after --max-restarts. Pure.
import { type Exit, endings } from "../backend/ended.ts";
import { delayOf, isStartAllowed, nextInRow } from "../backend/restarts.ts";
import type { Record } from "./record.ts";
import { eventOfEnd, type LifeEvent, transitions } from "./table.ts";

export type Ending = {
  event: LifeEvent;
  isGivenUp: boolean;
  /** Milliseconds until the next start; null where no start is planned. */
  nextStartMs: number | null;
  /** The fields of the record that change. */
  changes: Pick<Record, "starts" | "restarts" | "end">;
};

/** `nowSec` counts from the boot, as `lastStartSec` of the record does. */
export function endingOf(record: Record, exit: Exit | null, nowSec: number): Ending {
  const { state, starts, restarts, end, spec, lastStartSec } = record;
  const { policy, max, delayMs } = spec.restart;
  const next = nextInRow(starts, nowSec - lastStartSec);
  const mayAgain = isStartAllowed(next, max);
  const isRecycled = state === "recycling";
  const wasUp = isRecycled || state === "active";
  const event = eventOfEnd(exit, isRecycled ? "always" : policy, mayAgain);
  const isGivenUp = wasUp && event === "ended-for-good" && !mayAgain;
  const cell = transitions[state][event];
  const changes = {
    starts: wasUp && event === "ended-again" ? next : starts,
    restarts: cell.actions.some((action) => action === "set-delay") ? restarts + 1 : restarts,
    end: isGivenUp ? endings.givenUp : end,
  };
  const nextStartMs = cell.next === "activating" ? delayOf(changes.starts, delayMs) : cell.next === "active" ? 0 : null;
  return { event, isGivenUp, nextStartMs, changes };
}
