// The names of services: which are good, and which one an entry gets.
import { basename, dirname, extname } from "node:path";
import { usage } from "../base/errors.ts";

export const namePattern = /^[a-z][a-z0-9-]{0,62}$/;

/** What bs9 calls its own units, and `all` services. */
export const isReserved = (name: string): boolean => name === "all" || name.startsWith("bs9-");

/** Throws a usage error that says what a name has to look like. */
export function checkName(name: string): string {
  if (isReserved(name)) throw usage(`a service cannot be named '${name}': that name is reserved`);
  if (namePattern.test(name)) return name;
  throw usage(`a service cannot be named ${JSON.stringify(name)}: a name is 1 to 63 of a-z, 0-9 and -, and starts with a letter`, {
    hint: "bs9 start ENTRY --name web",
  });
}

const plainNames = new Set(["index", "main", "server", "app"]);

/** The entry's base name, or its folder's where the base name says nothing; cut to what a name may hold. */
export function defaultName(entry: string): string {
  const base = basename(entry, extname(entry)).toLowerCase();
  const chosen = plainNames.has(base) ? basename(dirname(entry)).toLowerCase() : base;
  const name = chosen
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^[^a-z]+|-+$/g, "")
    .slice(0, 63);
  if (!namePattern.test(name) || isReserved(name)) {
    throw usage(`no name for the service can be made of ${JSON.stringify(basename(entry))}`, { hint: "bs9 start ENTRY --name web" });
  }
  return name;
}
