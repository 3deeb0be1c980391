// The copy of the running program that services run on.
import { afterAll, expect, test } from "bun:test";
import { mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pinRuntime, runtimeFolder, runtimeVersion } from "../../src/runtime/pin.ts";
import { tempDir } from "../harness.ts";

const share = tempDir();
afterAll(() => rmSync(share, { recursive: true }));

test("pinning the runtime succeeds although an earlier process with the same pid left a partial file", () => {
  const folder = runtimeFolder(share, runtimeVersion);
  mkdirSync(join(folder, `.bs9-${process.pid}.part`), { recursive: true });
  writeFileSync(join(folder, "bs9"), "half");
  expect(pinRuntime(share)).toBe(folder);
  expect(statSync(join(folder, "bs9")).size).toBe(statSync("/proc/self/exe").size);
  expect(readdirSync(folder).toSorted()).toEqual([`.bs9-${process.pid}.part`, "bs9"]);
});
