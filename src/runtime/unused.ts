// Finds the pinned runtimes and the builds that nothing uses, as paths.
import { unusedIn } from "../base/listing.ts";
import { buildFolder } from "./command.ts";
import { runtimeFolder } from "./pin.ts";

/** Versions that are not in `used`, and incomplete copies. */
export function unusedRuntimes(share: string, used: ReadonlySet<string>): string[] {
  return unusedIn(runtimeFolder(share, ""), used, (name) => name.endsWith(".part"));
}

/** Builds of services that are not in `names`, and incomplete builds. */
export function unusedBuilds(share: string, names: ReadonlySet<string>): string[] {
  return unusedIn(buildFolder(share, ""), names, (name) => name.startsWith(".part-"));
}
