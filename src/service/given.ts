// What of the variables that a user gives, by --env or in a file, no service can get.
import { usage } from "../base/errors.ts";
import { checkSizes } from "./sizes.ts";
import { environmentOf, givenEnvironment, type Spec } from "./spec.ts";

// The first two would change what the runtime does; the shell in front of the app sets the next ones; JSON records lose the last.
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

/** Throws for a variable that cannot be given to a service, and where the environment is larger than the kernel takes. */
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
