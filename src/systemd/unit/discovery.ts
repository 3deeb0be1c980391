// Finds what others did to the units of bs9: edited, removed or added units, and drop-ins.
import { readdirSync } from "node:fs";
import { join } from "node:path";
import type { Foreign } from "../../backend/backend.ts";
import { sandboxEdition } from "../../backend/sandbox.ts";
import { readIfThere } from "../../base/files.ts";
import { changeStampOf } from "../../base/stamp.ts";
import { isReserved, namePattern } from "../../service/name.ts";
import { delayPrefix, delayUnitName } from "./names.ts";
import { isOurs } from "./ownership.ts";
import { editionOf, isAsWritten } from "./seal.ts";

const ending = ".service";

export type Folders = { units: string; runtimeDir: string };

/** `ours`: written by this bs9. `older`: written by a bs9 with an older sandbox. `other`: does not name bs9 as its owner. */
type Judgement = "ours" | "older" | "edited" | "other" | "missing";
/** `hasDelay`: the unit requires the unit that delays its restarts. */
type Judged = (file: string) => { judgement: Judgement; hasDelay: boolean };

/** Finds the units of bs9 that somebody else has edited, removed or added. Reads each unit file once. */
export function foreignChanges(defined: string[], folders: Folders, mark: string, judged: Judged = judgedNow(mark)): Foreign[] {
  const files = listed(folders.units).filter((name) => name.endsWith(ending));
  const dropIns = dropInsOf(folders);
  const known = new Set(defined);
  const present = new Map(files.map((file) => [file.slice(0, -ending.length), join(folders.units, file)]));
  const ofDefined = defined.flatMap((name): Foreign[] => {
    const file = join(folders.units, name + ending);
    const { judgement, hasDelay } = present.has(name) ? judged(file) : { judgement: "missing" as const, hasDelay: false };
    const delay = join(folders.units, delayUnitName(name));
    // Without the delay unit, or with a changed one, a crash loop would run without a pause.
    const judgements = [{ found: judgement, path: file }, ...(hasDelay ? [{ found: judged(delay).judgement, path: delay }] : [])];
    const wrong = judgements.find(({ found }) => found !== "ours");
    const kind = wrong?.found === "other" ? "edited" : wrong?.found;
    const added = [name, delayUnitName(name).slice(0, -ending.length)].flatMap((one) => dropIns.get(one) ?? []);
    return [
      ...(wrong === undefined || kind === undefined || kind === "ours" ? [] : [{ name, kind, files: [wrong.path] }]),
      ...(added.length === 0 ? [] : [{ name, kind: "drop-ins" as const, files: added }]),
    ];
  });
  const ofOthers = [...present].flatMap(([name, file]): Foreign[] => {
    if (known.has(name) || !namePattern.test(name) || isReserved(name)) return [];
    return ["ours", "older", "edited"].includes(judged(file).judgement) ? [{ name, kind: "added", files: [file] }] : [];
  });
  return [...ofDefined, ...ofOthers];
}

/** For repeated checks: a file whose stat(2) has not changed is not read again. */
export function judgedOnce(mark: string): Judged {
  const known = new Map<string, { stamp: string | null; found: ReturnType<Judged> }>();
  const now = judgedNow(mark);
  return (file) => {
    const stamp = changeStampOf(file);
    const before = known.get(file);
    if (before !== undefined && before.stamp === stamp) return before.found;
    const found = now(file);
    known.set(file, { stamp, found });
    return found;
  };
}

function judgedNow(mark: string): Judged {
  return (file) => {
    const text = read(file);
    return { judgement: judgeUnitText(text, mark), hasDelay: text?.includes(`\nWants=${delayPrefix}`) ?? false };
  };
}

/**
 * Judges the text of a unit file: who wrote it, and whether it was changed. `text` is null if the file does not exist. Pure.
 */
export function judgeUnitText(text: string | null, mark: string): Judgement {
  if (text === null) return "missing";
  if (!isOurs(text, mark)) return "other";
  if (!isAsWritten(text)) return "edited";
  return (editionOf(text) ?? sandboxEdition) < sandboxEdition ? "older" : "ours";
}

/** The directories that this user can write to; `systemctl --user set-property` writes to user.control (systemd.unit(5)). */
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
