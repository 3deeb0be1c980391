// Ctrl-C as an error that travels up like any other.
import { Bs9Error } from "./errors.ts";

/** Throws `interrupted` (exit 130) once the signal is given. */
export function interruptedBy(signal: AbortSignal): void {
  if (signal.aborted) throw new Bs9Error("interrupted", "interrupted");
}
