// All services are stopped by one job, but never together with services of somebody else in the same slice.
import { expect, test } from "bun:test";
import { unitsToStop } from "../../../src/systemd/unit/slice.ts";

type Connection = Parameters<typeof unitsToStop>[1];
const names = ["a", "b", "c", "d"];
const units = names.map((name) => `${name}.service`);
const delays = names.map((name) => `bs9-delay@${name}.service`);

/** A bus on which the slice is required by these units; null: D-Bus does not answer. */
const slice = (requiredBy: unknown): Connection => ({
  async read(work) {
    const bus = { listByNames: async () => [{ path: "/slice" }], property: async () => requiredBy };
    return requiredBy === null ? null : { value: await work(bus as unknown as Parameters<typeof work>[0]) };
  },
});

test("stop stops the whole slice if it contains only the services to stop and their delay units", async () => {
  expect(await unitsToStop(names, slice([...units, ...delays]))).toEqual(["bs9.slice"]);
});

test.each([
  ["the slice holds the service of another BS9_HOME", names, slice([...units, "other.service"])],
  ["one service of several stays", names.slice(1).concat("e"), slice([...units, "e.service"])],
  ["D-Bus does not answer", names, slice(null)],
  ["D-Bus answers something else", names, slice("a.service")],
  ["there are few services", names.slice(0, 2), slice(units.slice(0, 2))],
])("stop stops each service separately when %s", async (_, stopped, connection) => {
  expect(await unitsToStop(stopped, connection)).toEqual(stopped.map((name) => `${name}.service`));
});
