// Which pages a process may release: those whose file has the same content as the memory.
import { expect, test } from "bun:test";
import { copyFileSync, mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { unwritten } from "../../src/base/memory.ts";

const mapping = (range: string, rights: string, inode: number, anonymousKb: number): string =>
  `${range} ${rights} 00001000 fe:00 ${inode}   /usr/bin/bs9 (deleted)\nSize: 8 kB\nRss: 8 kB\nAnonymous: ${anonymousKb} kB\nVmFlags: rd mr mw me\n`;

test.each([
  ["code", "r-xp", 7, 0, 1],
  ["constants", "r--p", 7, 0, 1],
  ["a range that the linker has relocated", "r--p", 7, 4, 0],
  ["variables", "rw-p", 7, 0, 0],
  ["shared memory", "r--s", 7, 0, 0],
  ["the heap", "r--p", 0, 0, 0],
])("releasable pages: %s", (_, rights, inode, anonymousKb, ranges) => {
  const smaps = `${mapping("5000-6000", "rw-p", 0, 4)}${mapping("55d0c2a00000-55d0c2a02000", rights, inode, anonymousKb)}${mapping("7000-8000", "rw-p", 0, 4)}`;
  const found = unwritten(smaps);
  expect(found).toEqual(ranges === 0 ? [] : [{ from: 0x55d0c2a00000n, to: 0x55d0c2a02000n }]);
});

test("after the release of memory a process uses less memory for pages of files, also with its executable in a tmpfs, and continues to run", async () => {
  const source = join(import.meta.dir, "../../src/base");
  const script = `
import { releaseMemory } from "${source}/memory.ts";
import { readProc, statusField } from "${source}/proc.ts";
const held = () => ["RssFile", "RssShmem"].reduce((sum, one) => sum + Number.parseInt(statusField(readProc("self/status") ?? "", one) ?? "", 10), 0);
const before = held();
await releaseMemory();
const after = held();
console.log(JSON.stringify({ before, after, still: [3, 1, 2].sort().join() }));`;
  const folder = mkdtempSync("/dev/shm/bs9-memory-");
  try {
    const copy = join(folder, "bun");
    copyFileSync(process.execPath, copy);
    for (const program of [process.execPath, copy]) {
      const child = Bun.spawn([program, "-e", script], { stdio: ["ignore", "pipe", "inherit"], timeout: 30_000 });
      const { before, after, still } = JSON.parse(await new Response(child.stdout).text());
      expect(before).toBeGreaterThan(12 * 1024);
      expect(after).toBeLessThan(before / 2);
      expect(still).toBe("1,2,3");
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
}, 120_000);
