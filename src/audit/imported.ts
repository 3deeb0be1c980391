// What an import of a module, or of a member of it, stands for.
import { memberAt, moduleNamed } from "./known.ts";
import type { Meaning } from "./scope.ts";

export function importedFrom(specifier: string, path: readonly string[]): Meaning[] {
  const builtIn = moduleNamed(specifier);
  if (builtIn === undefined) return [{ is: "imported", specifier, path }];
  const known = memberAt(builtIn, path);
  return known === undefined ? [] : [{ is: "known", known }];
}
