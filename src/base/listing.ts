// Lists the names in a directory.
import { readdirSync } from "node:fs";

/** The names in a directory; empty where it does not exist or cannot be read. */
export function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
