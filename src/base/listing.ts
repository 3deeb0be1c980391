// Lists the names in a directory, and those that nothing uses.
import { readdirSync } from "node:fs";
import { join } from "node:path";

/** The names in a directory; empty where it does not exist or cannot be read. */
export function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

/** The paths of the entries that are not in `used`, and of the incomplete parts in those that are. */
export function unusedIn(folder: string, used: ReadonlySet<string>, isPartial: (name: string) => boolean): string[] {
  return namesIn(folder).flatMap((name) => {
    const path = join(folder, name);
    return used.has(name)
      ? namesIn(path)
          .filter(isPartial)
          .map((part) => join(path, part))
      : [path];
  });
}
