// The directories of bs9 itself, which no service should reach.
import { isWithin, type Paths, resolvedPath } from "../base/paths.ts";

export type OwnFolders = Pick<Paths, "home" | "config" | "share" | "state" | "cache" | "units">;

/** True if the directory is inside one of the directories of bs9, or contains one of them. */
export function holdsOwn(folder: string, { config, share, state, cache, units }: OwnFolders): boolean {
  return [config, share, state, cache, units].map(resolvedPath).some((own) => isWithin(own, folder) || isWithin(folder, own));
}
