// Reads what the user manager has loaded for a unit: from which file, and whether that file has changed on disk since.
import type { Connection } from "./connection.ts";
import type { UnitReader } from "./relay.ts";
import type { Systemctl } from "./systemctl.ts";

export type Loaded = {
  /** `loaded`, `not-found`, `masked`, `bad-setting`, … */
  load: string;
  /** The ActiveState, for example `inactive` or `failed`. */
  active: string;
  /** The path of the unit file; empty if the unit has no file. */
  fragment: string;
  mustReload: boolean;
  dropIns: string[];
};

/**
 * Reads over the bus, property by property. `systemctl show` reads all properties, and fails for a unit whose arguments contain
 * a Unicode noncharacter, because D-Bus cannot carry it. It is the fallback where no bus answers.
 */
export async function readLoaded(units: string[], connection: Pick<Connection, "read">, systemctl: Systemctl): Promise<Loaded[]> {
  const read = await connection.read((bus) => overBus(units, bus));
  if (read !== null) return read.value;
  const shown = await systemctl.show(units, ["LoadState", "ActiveState", "FragmentPath", "SourcePath", "NeedDaemonReload", "DropInPaths"]);
  return units.map((unit) => {
    const text = (name: string) => shown.get(unit)?.get(name) ?? "";
    return {
      load: text("LoadState") || "not-found",
      active: text("ActiveState") || "inactive",
      fragment: text("FragmentPath") || text("SourcePath"),
      mustReload: text("NeedDaemonReload") !== "no",
      dropIns: text("DropInPaths").split(" ").filter(Boolean),
    };
  });
}

async function overBus(units: string[], bus: UnitReader): Promise<Loaded[]> {
  const listed = await bus.listByNames(units);
  return Promise.all(
    listed.map(async ({ path, load, active }) => {
      if (load === "not-found") return { load, active, fragment: "", mustReload: false, dropIns: [] };
      const get = (name: string) => (path === "" ? null : bus.property(path, "Unit", name));
      const [fragment, source, needs, dropIns] = await Promise.all(
        ["FragmentPath", "SourcePath", "NeedDaemonReload", "DropInPaths"].map(get),
      );
      return {
        load,
        active,
        fragment: textOf(fragment) || textOf(source),
        mustReload: needs !== false,
        dropIns: Array.isArray(dropIns) ? dropIns.filter((one) => typeof one === "string") : [],
      };
    }),
  );
}

const textOf = (value: unknown): string => (typeof value === "string" ? value : "");
