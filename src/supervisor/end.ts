// Decides what ends a supervisor (`bs9 run`), and what then becomes of its services.
//
// | end        | when                                                                             | services        |
// | ---------- | -------------------------------------------------------------------------------- | --------------- |
// | `signal`   | SIGINT, SIGTERM or SIGHUP; a second one ends the process at once (main.ts)       | are stopped     |
// | `replaced` | in the background: a supervisor in the foreground asks to take over (place.ts)   | keep running    |
// | `idle`     | in the background: no service is defined any more                                | there are none  |
// | an error   | in the foreground: none of the services that it was asked to start came up       | are stopped     |
//
// Otherwise a supervisor in the foreground (a container, a terminal) ends at a signal only. One in the background was started by
// a command (client.ts), and nobody would end it.
import { failed } from "../base/errors.ts";
import { ended } from "../base/interrupt.ts";

export type SupervisorEnd = "signal" | "replaced" | "idle";

/** Time for the supervisor that takes over to read the answer, in milliseconds. */
const answerMs = 100;

export class EndOfSupervisor {
  /** Resolves with the first cause, once. */
  readonly reached: Promise<SupervisorEnd>;
  readonly isBackground: boolean;
  readonly #reach: (end: SupervisorEnd) => void;

  constructor(isBackground: boolean, signal: AbortSignal) {
    this.isBackground = isBackground;
    const { promise, resolve } = Promise.withResolvers<SupervisorEnd>();
    this.reached = promise;
    this.#reach = resolve;
    void ended(signal).then(() => resolve("signal"));
  }

  /** Another supervisor asks to take over. Throws the refusal of a supervisor in the foreground; else ends after the answer. */
  replaced(): void {
    if (!this.isBackground) throw failed("that supervisor runs in the foreground and keeps its services");
    setTimeout(() => this.#reach("replaced"), answerMs);
  }

  /** To be called regularly with the number of services that are defined. */
  counted(services: number): void {
    if (this.isBackground && services === 0) this.#reach("idle");
  }
}

/** True if the services keep running after this end, because another supervisor takes them over. */
export const keepsServices = (end: SupervisorEnd | null): boolean => end === "replaced";

/** Throws the first failure if none of the services that were to be started came up: there is nothing to supervise then. */
export function checkCameUp(wanted: number, failures: readonly unknown[]): void {
  if (failures.length > 0 && failures.length === wanted) throw failures[0];
}
