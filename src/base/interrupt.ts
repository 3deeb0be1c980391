// Turns Ctrl-C into an error that is thrown like any other.
import { Bs9Error } from "./errors.ts";

/** Throws `interrupted` (exit 130) if the AbortSignal is aborted. */
export function interruptedBy(signal: AbortSignal): void {
  if (signal.aborted) throw new Bs9Error("interrupted", "interrupted");
}

/** Resolves when the AbortSignal is aborted: for work that then ends without an error. */
export function ended(signal: AbortSignal): Promise<void> {
  return new Promise((done) => {
    if (signal.aborted) done();
    else signal.addEventListener("abort", () => done(), { once: true });
  });
}

/**
 * Rejects with `interrupted` when the AbortSignal is aborted, and never resolves: for a race with work that cannot be
 * cancelled.
 */
export function interruption(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const end = () => reject(new Bs9Error("interrupted", "interrupted"));
    if (signal.aborted) end();
    else signal.addEventListener("abort", end, { once: true });
  });
}

/** Resolves after `ms` milliseconds, or earlier when the AbortSignal is aborted. */
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
