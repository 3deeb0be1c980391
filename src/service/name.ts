// The names of services: which names are valid, and which name an entry gets by default.
import { basename, dirname, extname } from "node:path";
import { usage } from "../base/errors.ts";

export const namePattern = /^[a-z][a-z0-9-]{0,62}$/;

/** Names of the units of bs9 itself, and `all`. */
export const isReserved = (name: string): boolean => name === "all" || name.startsWith("bs9-");

/** Checks the name of a service. Throws a usage error that says which names are valid. */
export function checkName(name: string): string {
  if (isReserved(name)) throw usage(`a service cannot be named '${name}': that name is reserved`);
  if (namePattern.test(name)) return name;
  throw usage(
    `a service cannot be named ${JSON.stringify(name)}: a name has 1 to 63 characters (a-z, 0-9 and -) and starts with a letter`,
    {
      hint: "bs9 start ENTRY --name web",
    },
  );
}

/** Base names of an entry that do not describe the app. */
const plainNames = new Set(["index", "main", "app", "server", "start"]);

/** Directories inside a project that are never its name. */
const plainDirectories = new Set(["src", "dist", "build", "lib", "bin"]);

/** The sources of the default name. `packageName` is the `name` in the project's package.json, or null. */
export type NameSource = { entry: string; isCommand: boolean; root: string; packageName: string | null };

/**
 * The default name of a service: the base name of its entry. If that does not describe the app, or the entry is a command such
 * as npm, the name of the project is used: `name` of package.json without its scope, else the directory of the project. Throws
 * a usage error where none of these contains a letter from a to z.
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
  throw usage(`cannot make a name for the service from ${JSON.stringify(basename(entry))}`, { hint: "bs9 start ENTRY --name web" });
}

/** Makes a name for a service from another text; throws a usage error where the text has no letter from a to z. */
export function nameFrom(text: string): string {
  return checkName(cleaned(text));
}

function directoryName(root: string): string {
  const name = basename(root);
  return plainDirectories.has(name.toLowerCase()) ? directoryName(dirname(root)) : name;
}

/** Replaces every run of other characters by one hyphen, and cuts the text to the length of a name. */
function cleaned(text: string): string {
  return text
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^[^a-z]+/, "")
    .slice(0, 63)
    .replace(/-+$/, "");
}
