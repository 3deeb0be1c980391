// The folders of bs9 itself, which no service is to reach.
import { isWithin, type Paths, resolvedPath } from "../base/paths.ts";

export type OwnFolders = Pick<Paths, "home" | "config" | "share" | "state" | "cache" | "units">;

/** True where the folder lies in one of them, or one of them in it. */
export function holdsOwn(folder: string, { config, share, state, cache, units }: OwnFolders): boolean {
  return [config, share, state, cache, units].map(resolvedPath).some((own) => isWithin(own, folder) || isWithin(folder, own));
}
