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

/** Base names of an entry that say nothing about the app. */
const plainNames = new Set(["index", "main", "app", "server", "start"]);

/** Directories inside a project that are never its name. */
const plainDirectories = new Set(["src", "dist", "build", "lib", "bin"]);

/** What the default name of a service is made of. `packageName` is the `name` of the project's package.json, or null. */
export type NameSource = { entry: string; isCommand: boolean; root: string; packageName: string | null };

/**
 * The default name of a service: the base name of its entry. Where that says nothing, or where the entry is a command
 * such as npm, it is the name of the project: `name` of package.json without its scope, else the project's directory.
 * Throws a usage error where none of these holds a letter from a to z.
 */
export function defaultName({ entry, isCommand, root, packageName }: NameSource): string {
  const base = basename(entry, extname(entry)).toLowerCase();
  const candidates = [
    ...(isCommand || plainNames.has(base) ? [] : [base]),
    ...(packageName === null ? [] : [packageName.replace(/^@[^/]*\//, "")]),
    directoryName(root),
  ];
  const names = candidates.map(cleaned).filter((name) => namePattern.test(name) && !isReserved(name));
  if (names[0] !== undefined) return names[0];
  throw usage(`no name for the service can be made of ${JSON.stringify(basename(entry))}`, { hint: "bs9 start ENTRY --name web" });
}

/** A name for a service out of another text; throws a usage error where that has no letter from a to z. */
export function nameFrom(text: string): string {
  return checkName(cleaned(text));
}

function directoryName(root: string): string {
  const name = basename(root);
  return plainDirectories.has(name.toLowerCase()) ? directoryName(dirname(root)) : name;
}

/** The text with every run of other characters as one hyphen, cut to the length of a name. */
function cleaned(text: string): string {
  return text
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^[^a-z]+/, "")
    .slice(0, 63)
    .replace(/-+$/, "");
}
