// Listening sockets, from the kernel's table and from the descriptors of a real process.
import { expect, test } from "bun:test";
import { heldBy, holdsSocket, listeners, parseListeners } from "../../src/backend/sockets.ts";

test("only those that listen", () => {
  const table = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1001        0 4242 1 0000000000000000 100 0 0 10 0
   1: 0100007F:1F91 0100007F:1F90 01 00000000:00000000 00:00000000 00000000  1001        0 4243 1 0000000000000000 100 0 0 10 0
   2: 00000000000000000000000000000000:0050 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 7 1 0000000000000000 100 0 0 10 0
`;
  expect(parseListeners(table)).toEqual([
    { inode: "4242", uid: 1001, port: 8080 },
    { inode: "7", uid: 0, port: 80 },
  ]);
  expect(parseListeners("")).toEqual([]);
});

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
