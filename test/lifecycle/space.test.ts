// When doctor calls a disk full or almost full.
import { expect, test } from "bun:test";
import { judgeSpace } from "../../src/lifecycle/doctor/machine.ts";

const [MiB, GiB] = [1024 ** 2, 1024 ** 3];
const well = { path: "/x", bytesFree: 50 * GiB, bytes: 100 * GiB, filesFree: 1e6, files: 2e6 };

test.each<[string, Partial<typeof well>, string[]]>([
  ["enough space", {}, []],
  ["no space", { bytesFree: 0 }, ["error the disk is full: 0B free at /x"]],
  ["a few MiB left", { bytesFree: 7 * MiB }, ["error the disk is full: 7M free at /x"]],
  ["less than 1 GiB and less than 5 % left", { bytesFree: 500 * MiB }, ["warning the disk is almost full: 500M free at /x"]],
  ["a small disk with more than 5 % left", { bytes: 2 * GiB, bytesFree: 500 * MiB }, []],
  ["a huge disk with more than 1 GiB left", { bytes: 1e6 * GiB, bytesFree: 2 * GiB }, []],
  ["almost no inodes left", { filesFree: 3 }, ["error the disk has no files left: 3 inodes free at /x"]],
  ["few inodes left", { filesFree: 1000 }, ["warning the disk has few files left: 1000 inodes free at /x"]],
  ["a file system without a limit of inodes", { files: 0, filesFree: 0 }, []],
  ["a file system without a size", { bytes: 0, bytesFree: 0 }, []],
])("%s", (_, space, said) => expect(judgeSpace({ ...well, ...space }).map(({ severity, what }) => `${severity} ${what}`)).toEqual(said));
