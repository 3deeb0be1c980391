import { expect, test } from "bun:test";
import { answerCalls, type Relay, RelayedReader, type UnitReader } from "../../../src/systemd/bus/relay.ts";

const manager = { uid: 1001, runtimeDir: "/run/user/1001" };
const web = { unit: "web.service", load: "loaded", active: "active", sub: "running", path: "/unit/web", hasJob: false };

/** A D-Bus connection of another process, and a relay to it that counts the questions. */
function held(bus: Partial<UnitReader> = {}) {
  const seen = { questions: 0, dropped: 0 };
  const reader: UnitReader = {
    listByNames: async (units) => units.map((unit) => ({ ...web, unit })),
    property: async (_path, _kind, name) => (name === "MainPID" ? 4711 : null),
    ping: async () => {},
    close: () => {},
    ...bus,
  };
  const connection = {
    bus: async () => reader,
    drop: async () => {
      seen.dropped++;
    },
  };
  const relay: Relay = async (calls) => {
    seen.questions++;
    return JSON.parse(JSON.stringify(await answerCalls(calls, connection, manager)));
  };
  return { relay, seen };
}

test("units and properties arrive as over a connection of one's own", async () => {
  const reader = await RelayedReader.connect(held().relay, manager);
  expect(await reader?.listByNames(["web.service", "a%b\n.service"])).toEqual([web, { ...web, unit: "a%b\n.service" }]);
  expect(await reader?.property("/unit/web", "Service", "MainPID")).toBe(4711);
  expect(await reader?.property("/unit/web", "Unit", "Nothing")).toBeNull();
});

test("calls that are made at the same time are one question", async () => {
  const { relay, seen } = held();
  const reader = await RelayedReader.connect(relay, manager);
  await Promise.all(Array.from({ length: 100 }, (_, i) => reader?.property(`/unit/${i}`, "Unit", "FragmentPath")));
  expect(seen.questions).toBe(2);
});

test.each([
  ["of another user", { ...manager, uid: 0 }],
  ["with another runtime directory", { ...manager, runtimeDir: "/tmp/other" }],
])("the user manager %s is not read", async (_, own) => expect(await RelayedReader.connect(held().relay, own)).toBeNull());

test.each([
  ["does not answer", () => new Promise<never>(() => {})],
  ["refuses", async () => null],
  ["fails", async () => Promise.reject(new Error("gone"))],
  ["answers nonsense", async () => [{ uid: "0" }]],
] satisfies [string, Relay][])("a process that %s is not used", async (_, relay) =>
  expect(await RelayedReader.connect(relay, manager)).toBeNull(),
);

test("a read fails where the other process is gone, so that the caller opens its own connection", async () => {
  const { relay } = held();
  let isGone = false;
  const reader = await RelayedReader.connect(async (calls) => (isGone ? null : relay(calls)), manager);
  isGone = true;
  await expect(reader?.listByNames(["web.service"])).rejects.toThrow("the agent does not answer for D-Bus");
});

test("a connection that was lost is dropped, and the question fails", async () => {
  const { relay, seen } = held({ listByNames: () => Promise.reject(new Error("lost")) });
  const reader = await RelayedReader.connect(relay, manager);
  await expect(reader?.listByNames(["web.service"])).rejects.toThrow();
  await reader?.ping();
  expect(seen.dropped).toBe(1);
});

test.each([
  [[{ read: "kill" }]],
  [[{ read: "property", path: "/unit/web", kind: "Manager", name: "Version" }]],
  [{ read: "ping" }],
  [Array.from({ length: 10_001 }, () => ({ read: "ping" }))],
])("calls that are not known, or too many, are refused: %#", async (calls) =>
  await expect(answerCalls(calls, { bus: async () => null, drop: async () => {} }, manager)).rejects.toThrow(),
);
