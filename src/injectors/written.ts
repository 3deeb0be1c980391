// Writes the preload to disk, once for each version of bs9, so that an upgrade changes no running service.
import { readIfThere, writeWhole } from "../base/files.ts";
import { unusedIn } from "../base/listing.ts";
import { preloadFile, preloadFolder } from "./injection.ts";
import { preloadText } from "./preload-text.ts";

const maxBytes = 4 * 1024 * 1024;

/** Makes sure that the preload of this bs9 is there. Throws if it cannot be written. */
export function writePreload(share: string, version: string): void {
  const file = preloadFile(share, version);
  if (!holdsPresent(file)) writeWhole(file, preloadText, 0o644);
}

/** True if the preload of this version is there and does what the preload of this bs9 does. */
export function isPresentPreload(share: string, version: string): boolean {
  return holdsPresent(preloadFile(share, version));
}

function holdsPresent(file: string): boolean {
  try {
    return readIfThere(file, maxBytes) === preloadText;
  } catch {
    return false;
  }
}

/** Preloads of versions that are not in `used`, and incomplete files. */
export function unusedPreloads(share: string, used: ReadonlySet<string>): string[] {
  return unusedIn(preloadFolder(share, ""), used, (name) => name.endsWith(".part"));
}
