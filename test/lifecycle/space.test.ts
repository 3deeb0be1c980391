// When a disk is full, scarce or well.
import { expect, test } from "bun:test";
import { judgeSpace } from "../../src/lifecycle/doctor/machine.ts";

const [MiB, GiB] = [1024 ** 2, 1024 ** 3];
const well = { path: "/x", bytesFree: 50 * GiB, bytes: 100 * GiB, filesFree: 1e6, files: 2e6 };

test.each<[string, Partial<typeof well>, string[]]>([
  ["well", {}, []],
  ["full", { bytesFree: 0 }, ["error the disk is full: 0B free at /x"]],
  ["nearly full", { bytesFree: 7 * MiB }, ["error the disk is full: 7M free at /x"]],
  ["scarce", { bytesFree: 500 * MiB }, ["warning the disk is almost full: 500M free at /x"]],
  ["small but free", { bytes: 2 * GiB, bytesFree: 500 * MiB }, []],
  ["huge", { bytes: 1e6 * GiB, bytesFree: 2 * GiB }, []],
  ["no files", { filesFree: 3 }, ["error the disk has no files left: 3 inodes free at /x"]],
  ["few files", { filesFree: 1000 }, ["warning the disk has few files left: 1000 inodes free at /x"]],
  ["no count of files", { files: 0, filesFree: 0 }, []],
  ["no size", { bytes: 0, bytesFree: 0 }, []],
])("%s", (_, space, said) => expect(judgeSpace({ ...well, ...space }).map(({ severity, what }) => `${severity} ${what}`)).toEqual(said));
