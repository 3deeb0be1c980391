// Checks the variables that a user sets, by --env or in a file, for names that no service can receive.
import { usage } from "../base/errors.ts";
import { checkSizes } from "./sizes.ts";
import { environmentOf, givenEnvironment, type Spec } from "./spec.ts";

// The first two variables would change how the runtime works, the shell that starts the app sets the next ones itself, and the
// last ones would be lost in JSON records.
const unsettable = new Set([
  "BUN_OPTIONS",
  "BUN_BE_BUN",
  "_",
  "PPID",
  "OPTIND",
  "SHELLOPTS",
  "BASHOPTS",
  "__proto__",
  "constructor",
  "prototype",
]);

/**
 * Checks the environment of a spec. Throws for a variable that a service cannot receive, and if the environment is larger than
 * the kernel accepts.
 */
export function checkGiven(spec: Spec): void {
  const names = Object.keys(givenEnvironment(spec));
  const reserved = names.find((name) => !/^[A-Za-z_][A-Za-z0-9_]*$/.test(name) || unsettable.has(name));
  if (reserved !== undefined) {
    throw usage(`the environment variable ${JSON.stringify(reserved)} cannot be given to a service`, {
      hint: "choose another name for the variable",
    });
  }
  checkSizes([], environmentOf(spec));
}
