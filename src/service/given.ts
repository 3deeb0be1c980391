// Checks the variables that a user sets, by --env or in a file, for names that no service can receive.
import { usage } from "../base/errors.ts";
import { checkSizes } from "./sizes.ts";
import { environmentOf, givenEnvironment, type Spec } from "./spec.ts";

// The first two would change the runtime, the shell before the app sets the next ones, and JSON records lose the last ones.
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

/** Throws for a variable that a service cannot receive, and where the environment is larger than the kernel accepts. */
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
