// Turns Ctrl-C into an error that is thrown like any other.
import { Bs9Error } from "./errors.ts";

/** Throws `interrupted` (exit 130) after the signal was given. */
export function interruptedBy(signal: AbortSignal): void {
  if (signal.aborted) throw new Bs9Error("interrupted", "interrupted");
}

/** Resolves at the signal: for work that is asked to end, and then ends normally. */
export function ended(signal: AbortSignal): Promise<void> {
  return new Promise((done) => {
    if (signal.aborted) done();
    else signal.addEventListener("abort", () => done(), { once: true });
  });
}

/** Rejects with `interrupted` at the signal, and never resolves: for a race with work that cannot be cancelled. */
export function interruption(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const end = () => reject(new Bs9Error("interrupted", "interrupted"));
    if (signal.aborted) end();
    else signal.addEventListener("abort", end, { once: true });
  });
}

/** Resolves after `ms`, or at the signal. */
export function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((done) => {
    const end = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", end);
      done();
    };
    const timer = setTimeout(end, ms);
    if (signal.aborted) end();
    else signal.addEventListener("abort", end, { once: true });
  });
}
