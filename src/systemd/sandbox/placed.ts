// Checks that the mounts of a live process are those that its unit asks for, and that no others exist below the home
// directories.
import type { SeenProcess } from "./evidence.ts";
import type { ExpectedMount } from "./mount-check.ts";
import { isAtOrBelow, type Mount } from "./mounts.ts";

/**
 * Returns a sentence if a path in the sandbox shows something else than the same path on the host; null if nothing indicates
 * that.
 */
export function misplaced({ live, outside }: SeenProcess, { path, real, isOptional }: ExpectedMount): string | null {
  const mount = live.mounts.at(path);
  if (mount?.point !== path) return isOptional ? null : "it is not mounted there";
  // NFS reports the root of the file system instead of the directory that is mounted.
  if (mount.kind === "nfs" || mount.kind === "nfs4") return null;
  return live.mounts.placeOf(path) === outside.mounts.placeOf(real) ? null : `${mount.root} is mounted there instead`;
}

/** True if a temporary file system is mounted as a whole on the path: a directory that is bound there has another root. */
export function hasOwnFiles({ live }: { live: Pick<SeenProcess["live"], "mounts"> }, path: string): boolean {
  const mount = live.mounts.at(path);
  return mount?.point === path && mount.kind === "tmpfs" && mount.root === "/";
}

/** Returns a mount below the home directories that was not asked for. */
export function unasked({ live, outside }: SeenProcess, opened: string[]): Mount | undefined {
  const isAt = (point: string, folders: string[]) => folders.some((folder) => isAtOrBelow(point, folder));
  return live.mounts.visible(({ point }) => !outside.homes.includes(point) && isAt(point, outside.homes) && !isAt(point, opened))[0];
}
