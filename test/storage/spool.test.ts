// The rows that an export keeps: few in memory, many in an unlinked file.
import { afterEach, expect, test } from "bun:test";
import { existsSync, readdirSync, readlinkSync, rmSync } from "node:fs";
import { join } from "node:path";
import { Bs9Error } from "../../src/base/errors.ts";
import { Spool } from "../../src/storage/export/spool.ts";
import { tempDir } from "../harness.ts";

const cleanUp: (() => unknown)[] = [];
afterEach(() => {
  for (const act of cleanUp.splice(0).toReversed()) act();
});

function begin(): { spool: Spool; folder: string } {
  const top = tempDir();
  const folder = join(top, "cache/bs9");
  const spool = new Spool(3, folder);
  cleanUp.push(
    () => rmSync(top, { recursive: true, force: true }),
    () => spool.close(),
  );
  return { spool, folder };
}

function add(spool: Spool, rows: number): void {
  for (let n = 0; n < rows; n++) spool.add([n, n % 7 === 0 ? Number.NaN : -n / 3, 2 ** 40 + n]);
}

function readAll(spool: Spool): number[][] {
  return Array.from(spool.read(2, 0), ({ length, values }) =>
    Array.from({ length }, (_, row) => values.map((column) => column[row] ?? Number.NaN)),
  ).flat();
}

const heldOf = (folder: string): string[] =>
  readdirSync("/proc/self/fd").flatMap((fd) => {
    try {
      const target = readlinkSync(`/proc/self/fd/${fd}`);
      return target.startsWith(folder) ? [target] : [];
    } catch {
      // This was the descriptor of readdirSync itself, which is closed by now.
      return [];
    }
  });

test.each([0, 1, 499, 500, 501, 20_000, 200_000, 200_001])("an export can read %d collected rows several times", (rows) => {
  const { spool, folder } = begin();
  add(spool, rows);
  const expected = Array.from({ length: rows }, (_, n) => [2 ** 40 + n, n]);
  expect(readAll(spool)).toEqual(expected);
  expect(readAll(spool)).toEqual(expected);
  const second = Array.from(spool.read(1), ({ length, values }) => Array.from(values[0]?.subarray(0, length) ?? [])).flat();
  expect(second.every((value, n) => (n % 7 === 0 ? Number.isNaN(value) : value === -n / 3))).toBe(true);
  const isMuch = rows > 100_000;
  expect(heldOf(folder).length).toBe(isMuch ? 1 : 0);
  // The file has no name, so a kill leaves nothing behind.
  expect(existsSync(folder) ? readdirSync(folder) : null).toEqual(isMuch ? [] : null);
  spool.close();
  expect(heldOf(folder)).toEqual([]);
});

test("an error names the directory in which the file could not be created", () => {
  const spool = new Spool(3, "/proc/self/none");
  let thrown: unknown = null;
  try {
    add(spool, 200_000);
  } catch (error) {
    thrown = error;
  }
  expect(thrown).toBeInstanceOf(Bs9Error);
  expect(String(thrown)).toContain("cannot write the temporary file of the export in /proc/self/none: no such file or directory");
});
