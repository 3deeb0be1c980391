// Nothing that fails in the preload reaches the app.

let hasSaid = false;
/** process.stderr of Bun loads modules when it is used first, which fails where an app has changed the classes of JavaScript. */
const print = console.error;

/** Runs a part of the preload. The first failure is told once on standard error, and the app goes on. */
export function attempt(part: () => void): void {
  try {
    part();
  } catch (error) {
    complain(error);
  }
}

export function complain(error: unknown): void {
  if (hasSaid) return;
  hasSaid = true;
  try {
    const reason = error instanceof Error ? error.message : String(error);
    print(`bs9: the app runs without a part of what bs9 adds to it: ${reason}`);
  } catch {
    // standard error is closed
  }
}
