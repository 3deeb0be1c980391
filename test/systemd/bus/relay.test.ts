import { expect, test } from "bun:test";
import { Connection } from "../../../src/systemd/bus/connection.ts";
import { answerCalls, type Relay, RelayedReader, type UnitReader } from "../../../src/systemd/bus/relay.ts";

const ops = { uid: 1001, runtimeDir: "/run/user/1001" };
const withoutBus = { ...ops, runtimeDir: "/nowhere/without/a/bus" };
const web = { unit: "web.service", load: "loaded", active: "active", sub: "running", path: "/unit/web", hasJob: false };

/** The D-Bus connection of a simulated agent, and a relay to it that counts the requests. */
function held(bus: Partial<UnitReader> = {}, own = ops) {
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
    return JSON.parse(JSON.stringify(await answerCalls(calls, connection, own)));
  };
  return { relay, seen };
}

test("units and properties that are read through the agent are the same as over an own D-Bus connection", async () => {
  const reader = await RelayedReader.connect(held().relay, ops);
  expect(await reader?.listByNames(["web.service", "a%b\n.service"])).toEqual([web, { ...web, unit: "a%b\n.service" }]);
  expect(await reader?.property("/unit/web", "Service", "MainPID")).toBe(4711);
  expect(await reader?.property("/unit/web", "Unit", "Nothing")).toBeNull();
});

test("reads that are made at the same time are sent to the agent in one request", async () => {
  const { relay, seen } = held();
  const reader = await RelayedReader.connect(relay, ops);
  await Promise.all(Array.from({ length: 100 }, (_, i) => reader?.property(`/unit/${i}`, "Unit", "FragmentPath")));
  expect(seen.questions).toBe(2);
});

test("more reads than fit into one request to the agent are sent in several requests, and each gets its answer", async () => {
  const { relay, seen } = held({ property: async (path) => path });
  const reader = await RelayedReader.connect(relay, ops);
  const paths = Array.from({ length: 2500 }, (_, i) => `/unit/${i}`);
  expect(await Promise.all(paths.map((path) => reader?.property(path, "Unit", "FragmentPath")))).toEqual(paths);
  expect(seen.questions).toBe(4);
});

test("many units are not read over the relay", async () => {
  const reader = await RelayedReader.connect(held().relay, ops);
  const units = Array.from({ length: 17 }, (_, i) => `s${i}.service`);
  await expect(reader?.listByNames(units)).rejects.toThrow("at most 16 units");
  expect(await reader?.listByNames(units.slice(1))).toHaveLength(16);
});

test.each([
  ["of another user", { ...ops, uid: 0 }],
  ["with another runtime directory", { ...ops, runtimeDir: "/tmp/other" }],
])("the agent of a user manager %s is not used for reads", async (_, own) =>
  expect(await RelayedReader.connect(held().relay, own)).toBeNull(),
);

test.each([
  ["does not answer in time", (_, withinMs) => Bun.sleep(withinMs).then(() => null)],
  ["refuses", async () => null],
  ["fails", async () => Promise.reject(new Error("gone"))],
  ["answers nonsense", async () => [{ uid: "0" }]],
] satisfies [string, Relay][])("an agent that %s is not used for reads", async (_, relay) =>
  expect(await RelayedReader.connect(relay, ops)).toBeNull(),
);

test("a read through an agent that has ended fails, so that the caller opens its own D-Bus connection", async () => {
  const { relay } = held();
  let isGone = false;
  const reader = await RelayedReader.connect(async (calls) => (isGone ? null : relay(calls, 1000)), ops);
  isGone = true;
  await expect(reader?.listByNames(["web.service"])).rejects.toThrow("the agent did not read the units");
});

test.each([
  ["a connection that was lost is dropped", async () => Promise.reject(new Error("lost")), 1],
  ["a connection that still answers is kept", async () => {}, 0],
])("after a read that failed, the agent refuses the request, and %s", async (_, later, dropped) => {
  let pings = 0;
  const ping = async () => (pings++ === 0 ? undefined : later());
  const { relay, seen } = held({ listByNames: () => Promise.reject(new Error("too late")), ping });
  const reader = await RelayedReader.connect(relay, ops);
  await expect(reader?.listByNames(["web.service"])).rejects.toThrow();
  expect(seen.dropped).toBe(dropped);
});

test("a read that fails through the agent is repeated over a D-Bus connection of this process", async () => {
  const { relay } = held({ listByNames: () => Promise.reject(new Error("gone")) }, withoutBus);
  const connection = new Connection(withoutBus, relay);
  const relayed: boolean[] = [];
  const read = await connection.read(async (bus) => {
    relayed.push(bus instanceof RelayedReader);
    return bus.listByNames(["web.service"]);
  });
  // No D-Bus socket exists in this runtime directory, so the caller continues with systemctl.
  expect([read, relayed]).toEqual([null, [true]]);
  expect(await connection.bus()).toBeNull();
});

test.each([
  [[{ read: "kill" }]],
  [[{ read: "property", path: "/unit/web", kind: "Manager", name: "Version" }]],
  [{ read: "ping" }],
  [Array.from({ length: 1001 }, () => ({ read: "ping" }))],
])(
  "the agent refuses a request for an unknown kind of read, or for too many reads: case %#",
  async (calls) => await expect(answerCalls(calls, { bus: async () => null, drop: async () => {} }, ops)).rejects.toThrow(),
);
