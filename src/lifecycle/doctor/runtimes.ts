// Finds pinned runtimes that no service uses, runtimes that are missing, and services that run on another version of bs9.
import { existsSync, lstatSync } from "node:fs";
import { join } from "node:path";
import { type Finding, plainFix } from "../../backend/finding.ts";
import { failed } from "../../base/errors.ts";
import { namesIn } from "../../base/listing.ts";
import { runtimeVersion } from "../../runtime/pin.ts";
import { lockRegistry } from "../deps.ts";
import { sweepUnused, unusedPaths } from "../unused.ts";
import type { DoctorInput } from "./input.ts";
import { findings } from "./table.ts";

export function runtimeFindings({ paths, specs, deps, registry }: DoctorInput): Finding[] {
  const orphans = (unusedPaths({ registry, share: paths.share, home: paths.home }) ?? []).map((path) => {
    const about = { path, bytes: bytesIn(path) };
    if (deps === null) return findings.unused(about);
    const sweep = async () => {
      using _lock = await lockRegistry(deps, "doctor");
      sweepUnused(deps);
      if (existsSync(path)) throw failed(`${path} is now in use, so it was not removed`);
      return `${path} is removed`;
    };
    return findings.unused(about, plainFix(sweep));
  });
  const folder = join(paths.share, "runtime");
  const present = new Set(namesIn(folder));
  const gone = specs.flatMap(({ name, runtime }) =>
    runtime.kind !== "bs9" || (present.has(runtime.version) && namesIn(join(folder, runtime.version)).includes("bs9"))
      ? []
      : [findings.runtimeMissing({ name, version: runtime.version })],
  );
  const older = specs.filter(({ runtime }) => runtime.kind === "bs9" && runtime.version !== runtimeVersion).map(({ name }) => name);
  return [...gone, ...orphans, ...(older.length === 0 ? [] : [findings.runtimeOlder({ names: older })])];
}

/** The disk space of a file or directory. Links are not followed; files that disappear during the count add nothing. */
function bytesIn(path: string): number {
  const found = lstatSync(path, { throwIfNoEntry: false });
  const below = found?.isDirectory() === true ? namesIn(path).map((name) => bytesIn(join(path, name))) : [];
  return below.reduce((sum, bytes) => sum + bytes, (found?.blocks ?? 0) * 512);
}
