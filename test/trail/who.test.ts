// Identifies who acts, from what the kernel reports.
import { expect, test } from "bun:test";
import { loginUidOf, terminalOf } from "../../src/trail/who.ts";

test.each([
  ["1000", 1000],
  ["0\n", 0],
  ["4294967295", null],
  ["", null],
  [null, null],
])("the login uid that the kernel reports as %j is read correctly", (text, uid) => expect(loginUidOf(text)).toBe(uid));

const stat = (tty: number) => `12 (a ) b) S 1 2 3 ${tty} 5 6`;
test.each([
  [0, null],
  [(136 << 8) | 3, "/dev/pts/3"],
  [(137 << 8) | 1, "/dev/pts/257"],
  [(4 << 8) | 1, "/dev/tty1"],
  [(4 << 8) | 64, "/dev/ttyS0"],
  [(204 << 8) | 5, "device 204:5"],
])("the terminal with the device number %d is named correctly", (tty, name) => expect(terminalOf(stat(tty))).toBe(name));
