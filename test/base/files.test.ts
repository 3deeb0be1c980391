// Files that bs9 wrote are read with a limit, because anything may have replaced them.
import { afterAll, expect, test } from "bun:test";
import { closeSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { openToAppend, readBytesIfThere, readIfThere, readRegular } from "../../src/base/files.ts";
import { tempDir } from "../harness.ts";

const folder = tempDir();
afterAll(() => rmSync(folder, { recursive: true }));
const at = (name: string) => join(folder, name);

mkdirSync(at("directory"));
Bun.spawnSync(["mkfifo", at("fifo")]);
symlinkSync("/dev/zero", at("endless"));
symlinkSync(at("fifo"), at("link-to-fifo"));
symlinkSync("loop", at("loop"));

test.each([
  ["a FIFO", "fifo", "it is a FIFO, not a regular file"],
  ["a link to a FIFO", "link-to-fifo", "it is a FIFO, not a regular file"],
  ["a link to /dev/zero", "endless", "it is a device, not a regular file"],
  ["a directory", "directory", "it is a directory, not a regular file"],
  ["a link to itself", "loop", "too many symbolic links"],
])("%s in place of a file is reported and not read", (_, name, why) => {
  expect(() => readIfThere(at(name))).toThrow(`cannot read ${at(name)}: ${why}`);
});

test.each([
  ["a FIFO", "fifo", "it is a FIFO, not a regular file"],
  ["a link to /dev/zero", "endless", "it is a device, not a regular file"],
  ["a directory", "directory", "it is a directory"],
])("%s in place of a file is reported and not appended to", (_, name, why) => {
  expect(() => openToAppend(at(name))).toThrow(`cannot open ${at(name)}: ${why}`);
});

test("a file that does not exist reads as null, also where a parent is not a directory", () => {
  writeFileSync(at("plain"), "text");
  expect([readIfThere(at("absent")), readIfThere(at("plain/below"))]).toEqual([null, null]);
});

test("a file is read up to the limit and refused beyond it, whatever its size claims", () => {
  writeFileSync(at("four"), "1234");
  expect(readIfThere(at("four"), 4)).toBe("1234");
  expect(() => readIfThere(at("four"), 3)).toThrow("it has more than 3 bytes");
  // Files of /proc report a size of 0.
  expect(readBytesIfThere("/proc/self/status")?.length).toBeGreaterThan(100);
  expect(() => readIfThere("/proc/self/status", 10)).toThrow("it has more than 10 bytes");
});

test("reading the head of a file that is not regular gives null", () => {
  expect([readRegular(at("fifo"), 16), readRegular(at("endless"), 16), readRegular(at("directory"), 16)]).toEqual([null, null, null]);
  expect(readRegular(at("four"), 2)?.toString()).toBe("12");
});

test("opening a missing file for appending creates it for its user only", () => {
  closeSync(openToAppend(at("new")));
  expect(readIfThere(at("new"))).toBe("");
});
