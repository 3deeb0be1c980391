// A project root that the sandbox does not open as a whole, and how the status of the service reports that on both backends.
import { isHomeOrAbove } from "../service/root.ts";
import { holdsOwn, type OwnFolders } from "./own-folders.ts";
import type { Missing } from "./verdict.ts";

/**
 * Why only the entry and its imports are opened, and not the project root: the root is the home directory or above it, or
 * contains files of bs9.
 */
export type Narrowed = "home" | "bs9" | null;

/** `root` must have its links resolved. */
export function narrowedOf(root: string, folders: OwnFolders): Narrowed {
  if (isHomeOrAbove(root, folders.home)) return "home";
  return holdsOwn(root, folders) ? "bs9" : null;
}

export function lackOfNarrowed(narrowed: Narrowed): Missing[] {
  if (narrowed === null) return [];
  const why =
    narrowed === "home"
      ? "the entry lies directly in the home directory, so the sandbox opens only the entry and what it imports"
      : "bs9's own files are in the project directory, so the sandbox opens only the entry and what it imports";
  return [{ directive: "project root", why, mend: "move the project to a directory of its own" }];
}
