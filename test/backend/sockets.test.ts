// Listening sockets, from the descriptors of a real process.
import { expect, test } from "bun:test";
import { heldBy, heldIfShown, holdsSocket, listeners } from "../../src/backend/sockets.ts";
import { listProc } from "../../src/base/proc.ts";
import { until } from "../harness.ts";

test("a listening socket is found for the process that holds it, and for no other process", () => {
  const server = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data() {} } });
  const all = listeners();
  expect(heldBy([process.pid], all).map(({ port }) => port)).toContain(server.port);
  expect(
    holdsSocket(
      [1],
      all.filter(({ port }) => port === server.port),
    ),
  ).toBe(false);
  server.stop(true);
});

test("sockets are unknown for processes without readable descriptors, and without processes", async () => {
  const server = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data() {} } });
  const ours = listeners().filter(({ port }) => port === server.port);
  const child = Bun.spawn(["sleep", "1000"], { stdio: ["ignore", "ignore", "ignore"] });
  expect(heldIfShown([process.pid, child.pid], ours)).toEqual(ours);
  expect(heldIfShown([child.pid], ours)).toEqual([]);
  expect(heldIfShown([], ours)).toBeNull();
  // A process without descriptors looks like one whose descriptors are not readable.
  const bare = Bun.spawn(["sh", "-c", "exec sleep 1000 <&- >&- 2>&-"], { stdio: ["ignore", "ignore", "ignore"] });
  await until(() => listProc(`${bare.pid}/fd`).length === 0, { what: "it has closed all" });
  expect(heldIfShown([process.pid, bare.pid], ours)).toBeNull();
  for (const one of [child, bare]) one.kill("SIGKILL");
  await Promise.all([child.exited, bare.exited]);
  // A process that has ended holds nothing.
  expect(heldIfShown([process.pid, child.pid], ours)).toEqual(ours);
  server.stop(true);
});
