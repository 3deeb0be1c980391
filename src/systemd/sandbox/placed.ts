// Whether the mounts of a live process are those that its unit asks for, and no others in the place of homes.
import type { Seen } from "./evidence.ts";
import type { Place } from "./mount-check.ts";
import { isAtOrBelow, type Mount } from "./mounts.ts";

/** What shows that a path of the sandbox does not lead where it leads on the machine; null where nothing does. */
export function misplaced({ live, outside }: Seen, { path, real, isOptional }: Place): string | null {
  const mount = live.mounts.at(path);
  if (mount?.point !== path) return isOptional ? null : "it is not mounted there";
  // NFS names the root of the file system in the place of the folder that is mounted.
  if (mount.kind === "nfs" || mount.kind === "nfs4") return null;
  return live.mounts.placeOf(path) === outside.mounts.placeOf(real) ? null : `mounted there is ${mount.root}`;
}

/** Every mount in the place of homes has to be one that was asked for. */
export function unasked({ live, outside }: Seen, opened: string[]): Mount | undefined {
  const isAt = (point: string, folders: string[]) => folders.some((folder) => isAtOrBelow(point, folder));
  return live.mounts.visible(({ point }) => !outside.homes.includes(point) && isAt(point, outside.homes) && !isAt(point, opened))[0];
}
