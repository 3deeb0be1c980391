// Reads over a real socket whose other side answers as systemd does, refuses, stays silent or disconnects.
import { afterEach, expect, test } from "bun:test";
import { chmodSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Socket } from "node:net";
import { join } from "node:path";
import { createConnection, type Message } from "dbus-native";
import { Bus } from "../../../src/systemd/bus/bus.ts";
import { readOverBus, readOverSystemctl } from "../../../src/systemd/bus/read.ts";
import { Systemctl } from "../../../src/systemd/bus/systemctl.ts";
import { tempDir } from "../../harness.ts";

const closing: (() => void)[] = [];
afterEach(() => {
  for (const close of closing.splice(0).reverse()) close();
});

type Say = { value: [string, unknown] } | { error: string } | "nothing" | "bye";

const active = ["web.service", "", "loaded", "active", "running", "", "/web", 0, "", "/"];
const queued = ["web.service", "", "loaded", "inactive", "dead", "", "/web", 7, "start", "/job/7"];

/** A user manager with one service; `say` is its answer to a request for a property. */
async function userSystemd(say: (property: string) => Say, unit = active): Promise<Bus> {
  const folder = tempDir();
  closing.push(() => rmSync(folder, { recursive: true }));
  const sockets: Socket[] = [];
  const server = createServer((socket) => {
    sockets.push(socket);
    const connection = createConnection({ stream: socket, server: true });
    let serial = 1;
    connection.on("error", () => {});
    connection.on("message", ({ serial: replySerial, member, body }: Message) => {
      const reply = (more: Partial<Message>) => connection.message({ type: 2, serial: serial++, replySerial, ...more } as Message);
      if (member === "Hello") return void reply({ signature: "s", body: [":1.1"] });
      if (member === "Ping") return void reply({});
      if (member === "ListUnitsByNames") return void reply({ signature: "a(ssssssouso)", body: [[unit]] });
      const said = say(String(body?.[1]));
      if (said === "bye") socket.destroy();
      else if (said === "nothing") return;
      else if ("value" in said) reply({ signature: "v", body: [said.value] });
      else reply({ type: 3, errorName: `org.freedesktop.DBus.Error.${said.error}`, signature: "s", body: ["no"] });
    });
  });
  const listening = Promise.withResolvers<void>();
  server.listen(join(folder, "bus"), () => listening.resolve());
  closing.push(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  await listening.promise;
  const bus = await Bus.connect(folder);
  if (bus === null) throw new Error("the bus does not answer");
  closing.push(() => bus.close());
  return bus;
}

test("a unit that is asked for by an alias counts as loaded, so that bs9 does not take its name", async () => {
  const bus = await userSystemd(
    () => "nothing",
    ["wireplumber.service", "", "loaded", "active", "running", "", "/wireplumber", 0, "", "/"],
  );
  const expected = { unit: "pipewire-session-manager.service", load: "loaded", active: "active", path: "/wireplumber" };
  expect(await bus.listByNames(["pipewire-session-manager.service"])).toMatchObject([expected]);
});

const read = async (bus: Bus) => (await readOverBus(bus, ["web"], "/none", new Map()))[0];

test.each(["UnknownProperty", "UnknownObject"])("the D-Bus error %s counts as the answer that a property has no value", async (error) => {
  const bus = await userSystemd((name) => (name === "MainPID" ? { value: ["u", process.pid] } : { error }));
  expect(await bus.property("/web", "Service", "NRestarts")).toBeNull();
  const reading = await read(bus);
  expect(reading).toMatchObject({ state: "active", mainPid: process.pid, restarts: null });
  expect(reading?.isStateAlone).toBeUndefined();
});

test("a service whose start is queued by systemd has the state activating", async () => {
  const bus = await userSystemd(() => ({ value: ["u", 2] }), queued);
  expect(await read(bus)).toMatchObject({ state: "activating", mainPid: null, restarts: 2 });
});

test.each<[string, Say, string]>([
  ["refuses", { error: "AccessDenied" }, "no"],
  ["does not reply in time", { error: "NoReply" }, "no"],
  ["disconnects", "bye", "Connection closed"],
  ["stays silent", "nothing", "No reply within"],
])(
  "an active service is not read without its main process where the other side %s",
  async (_, said, words) => {
    const bus = await userSystemd((name) => (name === "MainPID" ? said : { value: ["u", 0] }));
    await expect(read(bus)).rejects.toThrow(words);
  },
  120_000,
);

test("a service that was read through systemctl is marked so that its other values are read later", async () => {
  const folder = tempDir();
  closing.push(() => rmSync(folder, { recursive: true }));
  mkdirSync(join(folder, "bin"));
  const listed = [
    ["web.service", "active"],
    ["worker.service", "inactive"],
    ["bs9-delay@worker.service", "activating"],
  ].map(([unit, active]) => ({ unit, load: "loaded", active, sub: "", description: "" }));
  writeFileSync(join(folder, "bin/systemctl"), `#!/bin/sh\necho '${JSON.stringify(listed)}'\n`);
  chmodSync(join(folder, "bin/systemctl"), 0o755);
  const env = { ...process.env, PATH: `${join(folder, "bin")}:${process.env["PATH"]}` };
  const systemctl = new Systemctl({ uid: 1, user: "ops", runtimeDir: folder, env });
  const readings = await readOverSystemctl(systemctl, ["web", "api", "worker"], "/none");
  expect(readings).toMatchObject([
    { name: "web", state: "active", mainPid: null, isStateAlone: true },
    { name: "api", state: "inactive", isStateAlone: true },
    { name: "worker", state: "activating", isStateAlone: true },
  ]);
});
