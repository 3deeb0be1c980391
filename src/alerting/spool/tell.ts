// Tells events: writes them into the spool, into the history, and into the state of the alerts.
import { runEach } from "../../base/steps.ts";
import { type Alerts, type Clock, messageOf } from "../evaluation/alerts.ts";
import { writeKept } from "../evaluation/kept.ts";
import type { Restarts } from "../evaluation/restarts.ts";
import type { AlertEvent, AlertMessage } from "../message.ts";
import { appendAlertHistory } from "./history.ts";

export type TellerDeps = {
  alerts: Alerts;
  restarts: Restarts;
  /** The directory of the state. */
  state: string;
  host: string;
  /** Writes a message into the spool, and returns its events that were not told before; throws where it cannot be written. */
  put: (message: AlertMessage) => readonly AlertEvent[];
};

export class Teller {
  readonly #deps: TellerDeps;
  #savedVersion: number;

  constructor(deps: TellerDeps) {
    this.#deps = deps;
    this.#savedVersion = deps.alerts.version;
  }

  /**
   * Throws where something could not be written; the events that are not in the spool then wait for the next time. `isChanged`:
   * something beside the alerts has to be saved.
   */
  tell(due: readonly AlertEvent[][], clock: Clock, isChanged = false): void {
    const { alerts, state } = this.#deps;
    const told: AlertEvent[] = [];
    // A process that is killed before it counts the events as told has to find them again, with the same ids.
    if (due.length > 0) this.#saveWaiting(due, clock);
    // On a full disk each of these steps can fail, and the next ones matter all the same.
    runEach([
      () => this.#put(due, told, clock),
      () => {
        if (told.length > 0) appendAlertHistory(state, told);
      },
      () => {
        if (isChanged || this.#savedVersion !== alerts.version) this.save(clock);
      },
    ]);
  }

  save(clock: Clock): void {
    this.#write(clock, []);
    this.#savedVersion = this.#deps.alerts.version;
  }

  #put(due: readonly AlertEvent[][], told: AlertEvent[], { atMs }: Clock): void {
    const { alerts, host, put } = this.#deps;
    for (const [i, events] of due.entries()) {
      try {
        told.push(...put(messageOf(events, host, atMs)));
      } catch (error) {
        alerts.putBack(due.slice(i).flat());
        throw error;
      }
    }
  }

  #saveWaiting(due: readonly AlertEvent[][], clock: Clock): void {
    try {
      this.#write(clock, due.flat());
    } catch {
      // A full disk must not keep anybody from hearing of the alert. At worst a process that is killed now tells it twice.
    }
  }

  #write(clock: Clock, untold: readonly AlertEvent[]): void {
    const { alerts, restarts, state } = this.#deps;
    writeKept(state, { ...alerts.kept(clock, untold), restarts: restarts.kept(clock.nowMs) });
  }
}
