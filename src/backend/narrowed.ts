// A project root that is not opened as a whole, and how the status of its service says so on either backend.
import { isHomeOrAbove } from "../service/root.ts";
import { holdsOwn, type OwnFolders } from "./own-folders.ts";
import type { Missing } from "./verdict.ts";

/** Why only the entry and what it imports is opened and not its root: the root is home or above, or holds bs9's own files. */
export type Narrowed = "home" | "bs9" | null;

/** `root` has its links resolved. */
export function narrowedOf(root: string, folders: OwnFolders): Narrowed {
  if (isHomeOrAbove(root, folders.home)) return "home";
  return holdsOwn(root, folders) ? "bs9" : null;
}

export function lackOfNarrowed(narrowed: Narrowed): Missing[] {
  if (narrowed === null) return [];
  const why =
    narrowed === "home"
      ? "the entry lies directly in the home directory, so the sandbox opens only the entry and what it imports"
      : "bs9's own files lie in the project, so the sandbox opens only the entry and what it imports";
  return [{ directive: "project root", why, mend: "move the project to a directory of its own" }];
}
