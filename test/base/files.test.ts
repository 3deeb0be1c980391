// One bounded read for files that bs9 wrote, and that may be anything by now.
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
])("%s in place of a file is named and not read", (_, name, why) => {
  expect(() => readIfThere(at(name))).toThrow(`cannot read ${at(name)}: ${why}`);
});

test.each([
  ["a FIFO", "fifo", "it is a FIFO, not a regular file"],
  ["a link to /dev/zero", "endless", "it is a device, not a regular file"],
  ["a directory", "directory", "it is a folder"],
])("%s in place of a file is named and not appended to", (_, name, why) => {
  expect(() => openToAppend(at(name))).toThrow(`cannot open ${at(name)}: ${why}`);
});

test("a file that is not there is null, also below something that is not a folder", () => {
  writeFileSync(at("plain"), "text");
  expect([readIfThere(at("absent")), readIfThere(at("plain/below"))]).toEqual([null, null]);
});

test("a file is read up to the limit and refused beyond it, whatever its size claims", () => {
  writeFileSync(at("four"), "1234");
  expect(readIfThere(at("four"), 4)).toBe("1234");
  expect(() => readIfThere(at("four"), 3)).toThrow("it has more than 3 bytes");
  // Files of /proc say that they have no bytes.
  expect(readBytesIfThere("/proc/self/status")?.length).toBeGreaterThan(100);
  expect(() => readIfThere("/proc/self/status", 10)).toThrow("it has more than 10 bytes");
});

test("the head of something that is not a regular file is null", () => {
  expect([readRegular(at("fifo"), 16), readRegular(at("endless"), 16), readRegular(at("directory"), 16)]).toEqual([null, null, null]);
  expect(readRegular(at("four"), 2)?.toString()).toBe("12");
});

test("a file that is not there is made to append to, for its user alone", () => {
  closeSync(openToAppend(at("new")));
  expect(readIfThere(at("new"))).toBe("");
});
