// Manages which units the user manager starts at boot: links in default.target.wants, as `systemctl enable` makes them.
import { readdirSync, renameSync, rmSync, symlinkSync, unlinkSync } from "node:fs";
import { join } from "node:path";
import { failed } from "../../base/errors.ts";
import { makeFolder, plainErrno, syncFolder } from "../../base/files.ts";

/**
 * Makes or removes the links of units that are in `units`. The user manager reads the links when it starts, so neither the
 * process of `systemctl enable` (12 ms and more) nor its daemon-reload (50 ms with 100 units) is needed. Throws `failed` where
 * a link cannot be written.
 */
export function wantUnits(units: string, names: string[], wanted: boolean): void {
  const folder = wantsFolder(units);
  const present = wantedUnits(units);
  const change = names.filter((name) => present.has(name) !== wanted);
  if (change.length === 0) return;
  try {
    makeFolder(folder);
    for (const name of change) {
      if (wanted) link(join(units, name), join(folder, name));
      else unlinkSync(join(folder, name));
    }
    syncFolder(folder);
  } catch (error) {
    throw failed(`cannot ${wanted ? "enable" : "disable"} ${change.join(", ")}: ${plainErrno(error)}`, {
      hint: `look at ${folder}`,
      cause: error,
    });
  }
}

/** The names of the units that start at boot. */
export function wantedUnits(units: string): Set<string> {
  try {
    return new Set(readdirSync(wantsFolder(units)).filter((name) => name.endsWith(".service")));
  } catch {
    return new Set();
  }
}

const wantsFolder = (units: string): string => join(units, "default.target.wants");

/** Makes the link under another name first, which systemd ignores, so that the final name appears at once. */
function link(target: string, path: string): void {
  // The temporary name is fixed, so that the next command replaces what a killed command has left.
  const partial = `${path}.new`;
  rmSync(partial, { force: true });
  symlinkSync(target, partial);
  renameSync(partial, path);
}
