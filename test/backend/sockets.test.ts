// Listening sockets, from the descriptors of a real process.
import { expect, test } from "bun:test";
import { heldBy, holdsSocket, listeners } from "../../src/backend/sockets.ts";

test("a real one is found by its process, and by no other", () => {
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
