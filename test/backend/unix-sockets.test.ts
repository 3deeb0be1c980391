// The Unix sockets that a process listens on.
import { expect, test } from "bun:test";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { unixListenersIn, unixSocketsOf } from "../../src/backend/unix-sockets.ts";
import { tempDir } from "../harness.ts";

test("only listening sockets with a path are taken from the list of the kernel", () => {
  const text = `Num       RefCount Protocol Flags    Type St Inode Path
ffff1: 00000002 00000000 00010000 0001 01 100 /tmp/app.sock
ffff2: 00000003 00000000 00000000 0001 03   101 /tmp/app.sock
ffff3: 00000002 00000000 00010000 0001 01 102 @abstract
ffff4: 00000002 00000000 00010000 0001 01 103
ffff5: 00000002 00000000 00010000 0001 01 104 /tmp/with blank and \\n
nonsense
`;
  expect(unixListenersIn(text)).toEqual([
    { path: "/tmp/app.sock", inode: "100" },
    { path: "/tmp/with blank and \\n", inode: "104" },
  ]);
});

test("a socket of this process is found until it is closed", () => {
  const folder = tempDir();
  const path = join(folder, "it.sock");
  const listening = Bun.listen({ unix: path, socket: { data() {} } });
  expect(unixSocketsOf([process.pid])).toContain(path);
  listening.stop(true);
  expect(unixSocketsOf([process.pid])).not.toContain(path);
  rmSync(folder, { recursive: true });
});
