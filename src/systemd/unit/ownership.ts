// Finds the owner of a unit name: bs9, nobody, or somebody else, whose units are never changed or shadowed.
import { join } from "node:path";
import { failed } from "../../base/errors.ts";
import { readIfThere } from "../../base/files.ts";
import type { Loaded } from "../bus/loaded.ts";
import { delayUnitName, unitName } from "./names.ts";
import { unitWord } from "./quote.ts";

export type Owner = {
  /** The directory of user units that bs9 writes to. */
  units: string;
  /** The value in the mark of this home's units. */
  mark: string;
};

/**
 * Throws where a unit of the service `name` would take the name of a unit that exists anywhere on the search path of the user
 * manager (systemd.unit(5)) and has no mark of bs9, or has the mark of another bs9 home.
 */
export async function claimUnits(name: string, loaded: (unit: string) => Promise<Loaded>, owner: Owner): Promise<void> {
  for (const unit of [unitName(name), delayUnitName(name)]) await claim(name, unit, loaded, owner);
}

async function claim(name: string, unit: string, loaded: (unit: string) => Promise<Loaded>, owner: Owner): Promise<void> {
  const onDisk = join(owner.units, unit);
  // The directory is checked first, because the user manager may not have read a new file yet.
  const text = readIfThere(onDisk);
  if (text !== null && !isOurs(text, owner.mark)) throw taken(name, onDisk, text);
  const { load, fragment } = await loaded(unit);
  if (load === "not-found" || fragment === onDisk) return;
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
  return failed(`the name ${name} belongs to ${whoseIs(text, where)}`, { hint: "choose another one with --name" });
}

/** Describes in words the owner of a unit that does not belong to this home. */
export function whoseIs(text: string, where: string): string {
  const other = markOf(text);
  return other === null ? `a unit that is not bs9's: ${where}` : `another bs9 home, ${other.slice(1, -1)}`;
}
