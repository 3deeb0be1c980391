// Runs steps that do not depend on each other.

/** Runs each step, even if an earlier one fails. Throws the first error afterwards. */
export function runEach(steps: readonly (() => void)[]): void {
  const errors = steps.flatMap((step) => {
    try {
      step();
      return [];
    } catch (error) {
      return [error];
    }
  });
  if (errors.length > 0) throw errors[0];
}
