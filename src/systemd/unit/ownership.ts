// Finds the owner of a unit name: bs9, nobody, or somebody else, whose units are never changed or shadowed.
import { join } from "node:path";
import { failed } from "../../base/errors.ts";
import { readIfThere } from "../../base/files.ts";
import type { Loaded } from "../bus/loaded.ts";
import { unitsOf } from "./names.ts";
import { unitWord } from "./quote.ts";

export type Owner = {
  /** The directory of user units that bs9 writes to. */
  units: string;
  /** The configuration directory of this bs9, which `Owner=` names in the section [X-BS9] of each unit that this bs9 writes. */
  mark: string;
};

/**
 * Throws where a unit of the service `name` would have the same name as an existing unit that bs9 did not write, or that
 * belongs to another BS9_HOME. Units in every directory on the search path of the user manager count (systemd.unit(5)).
 * `loaded`: what the user manager has loaded for each unit of `unitsOf(name)`, in the same order. `isUnloaded`: the units of the
 * service have no file, and the user manager has not loaded them.
 */
export function claimUnits(name: string, loaded: Loaded[], owner: Owner): { isUnloaded: boolean } {
  const units = unitsOf(name);
  // The directory is checked as well, because the user manager may not have read a new file yet.
  const texts = units.map((unit) => readIfThere(join(owner.units, unit)));
  for (const [i, text] of texts.entries())
    if (text !== null && !isOurs(text, owner.mark)) throw taken(name, join(owner.units, units[i] ?? ""), text);
  for (const [i, unit] of units.entries()) checkLoaded(name, unit, loaded[i], owner);
  return {
    isUnloaded: texts.every((text) => text === null) && loaded.every(({ load, active }) => load === "not-found" && active === "inactive"),
  };
}

function checkLoaded(name: string, unit: string, known: Loaded | undefined, owner: Owner): void {
  const { load, fragment } = known ?? { load: "not-found", fragment: "" };
  if (load === "not-found" || fragment === join(owner.units, unit)) return;
  if (load === "masked") throw failed(`the unit ${unit} is masked`, { hint: `systemctl --user unmask ${unit}` });
  const foreign = readIfThere(fragment) ?? "";
  if (!isOurs(foreign, owner.mark)) throw taken(name, fragment || "the user manager itself", foreign);
}

export function isOurs(text: string, mark: string): boolean {
  return markOf(text) === unitWord(mark);
}

function markOf(text: string): string | null {
  const section = /^\[X-BS9\]\n((?:[^[].*\n)*)/m.exec(text)?.[1];
  return section === undefined ? null : (/^Owner=(.*)$/m.exec(section)?.[1] ?? null);
}

function taken(name: string, where: string, text: string): Error {
  return failed(`the name ${name} belongs to ${whoseIs(text, where)}`, { hint: "choose another name with --name" });
}

/** Describes in words the owner of a unit that does not belong to this BS9_HOME. */
export function whoseIs(text: string, where: string): string {
  const other = markOf(text);
  return other === null ? `a unit that is not bs9's: ${where}` : `another bs9 home, ${other.slice(1, -1)}`;
}
