// The slice that holds the services: when all of it is to stop, one job stops it faster than a job for each service.
import type { Connection } from "../bus/connection.ts";
import { delayUnitName, unitName } from "./names.ts";

export const sliceUnit = "bs9.slice";

/**
 * The units to stop so that exactly these services stop: the slice if nothing else is in it, else each service. With 100 services
 * systemctl needs a fifth of the time for the slice. Services of another BS9_HOME are in the same slice, and are left alone.
 */
export async function unitsToStop(names: string[], connection: Pick<Connection, "read">): Promise<string[]> {
  const units = names.map(unitName);
  if (names.length < fewServices) return units;
  const inSlice = await requiredBySlice(connection);
  const stopped = new Set([...units, ...names.map(delayUnitName)]);
  return inSlice?.every((unit) => stopped.has(unit)) === true ? [sliceUnit] : units;
}

/** For fewer services it is not worth asking. */
const fewServices = 4;

/** Every loaded unit in a slice requires it (systemd.slice(5)). Null where D-Bus does not answer. */
async function requiredBySlice(connection: Pick<Connection, "read">): Promise<string[] | null> {
  const read = await connection.read(async (bus) => {
    const [slice] = await bus.listByNames([sliceUnit]);
    return slice === undefined || slice.path === "" ? null : bus.property(slice.path, "Unit", "RequiredBy");
  });
  const units = read?.value;
  return Array.isArray(units) && units.length > 0 && units.every((unit) => typeof unit === "string") ? units : null;
}
