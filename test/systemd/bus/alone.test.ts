// When services are started without their dependencies.
import { expect, test } from "bun:test";
import { busPathOf, canStartAlone } from "../../../src/systemd/bus/alone.ts";
import type { UnitReader } from "../../../src/systemd/bus/relay.ts";

type Properties = Record<string, Record<string, unknown>>;

/** The usual answers of systemd about the new service web, with changes. */
function canStartWith(changes: Properties, names = ["web"]): Promise<boolean> {
  const units: Properties = {
    "basic.target": { ActiveState: "active" },
    "bs9.slice": { ActiveState: "active" },
    "bs9-delay@web.service": { ActiveState: "inactive" },
    "web.service": { Requires: ["basic.target", "bs9.slice"], Wants: ["bs9-delay@web.service"], Requisite: [], BindsTo: [] },
  };
  const byPath = new Map(Object.entries(units).map(([unit, known]) => [busPathOf(unit), { ...known, ...changes[unit] }]));
  const bus: UnitReader = {
    property: async (path, _, name) => byPath.get(path)?.[name] ?? null,
    listByNames: async () => [],
    ping: async () => {},
    close: () => {},
  };
  return canStartAlone(names, { read: async (work) => ({ value: await work(bus) }) });
}

test("a service that needs only the slice and its delay unit is started alone", async () => {
  expect(await canStartWith({})).toBe(true);
  expect(await canStartWith({ "web.service": { Wants: [] } })).toBe(true);
});

test.each<[string, Properties]>([
  ["the slice is not active", { "bs9.slice": { ActiveState: "inactive" } }],
  ["the user manager is still booting", { "basic.target": { ActiveState: "inactive" } }],
  ["the delay of an earlier start has not ended", { "bs9-delay@web.service": { ActiveState: "activating" } }],
  ["a drop-in requires another unit", { "web.service": { Requires: ["basic.target", "bs9.slice", "database.service"] } }],
  ["a drop-in wants another unit", { "web.service": { Wants: ["bs9-delay@web.service", "cache.service"] } }],
  ["a drop-in binds the service to another unit", { "web.service": { BindsTo: ["database.service"] } }],
  ["systemd does not tell what the service requires", { "web.service": { Requires: null } }],
])("a service is started with its dependencies where %s", async (_, changes) => {
  expect(await canStartWith(changes)).toBe(false);
});

test("services are started with their dependencies where they are many, and where D-Bus does not answer", async () => {
  expect(await canStartWith({}, Array<string>(5).fill("web"))).toBe(false);
  expect(await canStartAlone(["web"], { read: async () => null })).toBe(false);
});

test("the path of a unit is escaped as systemd does", () => {
  expect(busPathOf("bs9-delay@web.service")).toBe("/org/freedesktop/systemd1/unit/bs9_2ddelay_40web_2eservice");
  expect(busPathOf("9.slice")).toBe("/org/freedesktop/systemd1/unit/_39_2eslice");
});
