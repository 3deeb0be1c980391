// Which pages the supervisor may give back: those that are in their file as they are in memory.
import { expect, test } from "bun:test";
import { unwritten } from "../../src/supervisor/memory.ts";

const mapping = (range: string, rights: string, inode: number, anonymousKb: number): string =>
  `${range} ${rights} 00001000 fe:00 ${inode}   /usr/bin/bs9 (deleted)\nSize: 8 kB\nRss: 8 kB\nAnonymous: ${anonymousKb} kB\nVmFlags: rd mr mw me\n`;

test.each([
  ["code", "r-xp", 7, 0, 1],
  ["constants", "r--p", 7, 0, 1],
  ["what the linker has relocated", "r--p", 7, 4, 0],
  ["variables", "rw-p", 7, 0, 0],
  ["shared memory", "r--s", 7, 0, 0],
  ["the heap", "r--p", 0, 0, 0],
])("%s", (_, rights, inode, anonymousKb, ranges) => {
  const smaps = `${mapping("5000-6000", "rw-p", 0, 4)}${mapping("55d0c2a00000-55d0c2a02000", rights, inode, anonymousKb)}${mapping("7000-8000", "rw-p", 0, 4)}`;
  const found = unwritten(smaps);
  expect(found).toEqual(ranges === 0 ? [] : [{ from: 0x55d0c2a00000n, to: 0x55d0c2a02000n }]);
});
