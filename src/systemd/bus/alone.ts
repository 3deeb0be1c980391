// Decides whether services can be started without their dependencies. These are usually the slice, which is active already, and
// the delay unit, which runs a shell that only counts the first start. bs9 can count that start itself, and saves 16 ms.
import { delayUnitName, unitName } from "../unit/names.ts";
import { sliceUnit } from "../unit/slice.ts";
import type { Connection } from "./connection.ts";
import type { UnitReader } from "./relay.ts";

/** Every service in the slice requires these units, and must not start before they are active. */
const required = ["basic.target", sliceUnit];
/** For more services it is not worth asking: their delay units run side by side. */
const maxServices = 4;

/**
 * True where nothing but the delay units would be started together with these services. A drop-in of the user may add other
 * dependencies. Where D-Bus does not answer, systemd starts the services with their dependencies.
 */
export async function canStartAlone(names: string[], connection: Pick<Connection, "read">): Promise<boolean> {
  if (names.length > maxServices) return false;
  const read = await connection.read(async (bus) => {
    const checks = [
      ...required.map((unit) => hasState(bus, unit, "active")),
      // A delay unit that runs would count another start when its delay ends.
      ...names.map((name) => hasState(bus, delayUnitName(name), "inactive")),
      ...names.map((name) => needsNothingElse(bus, name)),
    ];
    return (await Promise.all(checks)).every(Boolean);
  });
  return read?.value === true;
}

async function hasState(bus: UnitReader, unit: string, state: string): Promise<boolean> {
  return (await bus.property(busPathOf(unit), "Unit", "ActiveState")) === state;
}

async function needsNothingElse(bus: UnitReader, name: string): Promise<boolean> {
  const known = new Set([...required, delayUnitName(name)]);
  const lists = await Promise.all(pulling.map((property) => bus.property(busPathOf(unitName(name)), "Unit", property)));
  return lists.every((list) => Array.isArray(list) && list.every((unit) => known.has(unit)));
}

/** The dependencies that start or stop other units together with a unit (systemd.unit(5)). */
const pulling = ["Requires", "Requisite", "Wants", "BindsTo"];

/** The D-Bus path of a unit, whether or not systemd has loaded it: systemd loads a unit when its path is used. */
export function busPathOf(unit: string): string {
  const escaped = unit.replace(/[^A-Za-z0-9]|^[0-9]/g, (character) => `_${character.charCodeAt(0).toString(16).padStart(2, "0")}`);
  return `/org/freedesktop/systemd1/unit/${escaped}`;
}
