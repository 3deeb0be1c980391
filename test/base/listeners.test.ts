// Listening sockets are parsed from the table of the kernel.
import { expect, test } from "bun:test";
import { parseListeners } from "../../src/base/listeners.ts";

test("only listening sockets are listed", () => {
  const table = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1001        0 4242 1 0000000000000000 100 0 0 10 0
   1: 0100007F:1F91 0100007F:1F90 01 00000000:00000000 00:00000000 00000000  1001        0 4243 1 0000000000000000 100 0 0 10 0
   2: 00000000000000000000000000000000:0050 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 7 1 0000000000000000 100 0 0 10 0
`;
  expect(parseListeners(table)).toEqual([
    { inode: "4242", uid: 1001, address: "0100007F", port: 8080 },
    { inode: "7", uid: 0, address: "0".repeat(32), port: 80 },
  ]);
  expect(parseListeners("")).toEqual([]);
});
