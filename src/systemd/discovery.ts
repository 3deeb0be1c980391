// What others did to our units: edited, removed, added ones, and drop-ins beside them.
import { readdirSync } from "node:fs";
import { join } from "node:path";
import type { Foreign } from "../backend/backend.ts";
import { readIfThere } from "../base/files.ts";
import { isReserved, namePattern } from "../service/name.ts";
import { isOurs } from "./ownership.ts";
import { isAsWritten } from "./seal.ts";

const ending = ".service";

export type Folders = { units: string; runtimeDir: string };

/** One look at each unit file; services whose units are as bs9 wrote them are not in it. */
export function foreignChanges(defined: string[], folders: Folders, mark: string): Foreign[] {
  const files = listed(folders.units).filter((name) => name.endsWith(ending));
  const dropIns = dropInsOf(folders);
  const known = new Set(defined);
  const present = new Map(files.map((file) => [file.slice(0, -ending.length), join(folders.units, file)]));
  const ofDefined = defined.flatMap((name): Foreign[] => {
    const file = join(folders.units, name + ending);
    const changed = judge(present.has(name) ? read(file) : null, mark);
    const added = dropIns.get(name) ?? [];
    return [
      ...(changed === null ? [] : [{ name, kind: changed, files: [file] }]),
      ...(added.length === 0 ? [] : [{ name, kind: "drop-ins" as const, files: added }]),
    ];
  });
  const ofOthers = [...present].flatMap(([name, file]): Foreign[] => {
    if (known.has(name) || !namePattern.test(name) || isReserved(name)) return [];
    return isOurs(read(file) ?? "", mark) ? [{ name, kind: "added", files: [file] }] : [];
  });
  return [...ofDefined, ...ofOthers];
}

/** Null for a unit that is as bs9 wrote it. Pure. */
export function judge(text: string | null, mark: string): "missing" | "edited" | null {
  if (text === null) return "missing";
  return isOurs(text, mark) && isAsWritten(text) ? null : "edited";
}

/** The folders that this user writes to; `systemctl --user set-property` uses those of user.control (systemd.unit(5)). */
function dropInsOf({ units, runtimeDir }: Folders): Map<string, string[]> {
  const found = new Map<string, string[]>();
  for (const folder of [
    units,
    join(units, "../user.control"),
    join(runtimeDir, "systemd/user"),
    join(runtimeDir, "systemd/user.control"),
  ]) {
    for (const entry of listed(folder).filter((name) => name.endsWith(`${ending}.d`))) {
      const files = listed(join(folder, entry)).filter((name) => name.endsWith(".conf"));
      const name = entry.slice(0, -`${ending}.d`.length);
      if (files.length > 0) found.set(name, [...(found.get(name) ?? []), ...files.map((file) => join(folder, entry, file))]);
    }
  }
  return found;
}

function listed(folder: string): string[] {
  try {
    return readdirSync(folder).sort();
  } catch {
    return [];
  }
}

function read(file: string): string | null {
  try {
    return readIfThere(file);
  } catch {
    return "";
  }
}
