// What the test command reads from a test file: its needs, and when it runs.
import { expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { judgesTimes, longest, testFiles, waiting } from "./files.ts";

const top = join(import.meta.dir, "../..");

test.each([
  ["test/e2e/start.test.ts", "lab"],
  ["test/lab/doctor.test.ts", "lab"],
  ["test/image/image.test.ts", "image"],
  ["test/supervisor/run.test.ts", "built"],
  ["test/supervisor/launch.test.ts", "built"],
  ["test/supervisor/table.test.ts", "unit"],
  ["test/base/text.test.ts", "unit"],
] as const)("%s needs %s", (path, need) => {
  expect(testFiles(top, [path])).toMatchObject([{ path, need }]);
});

test("every file that is listed for its length or its clock exists", () => {
  for (const path of [...longest, ...waiting, ...Object.keys(judgesTimes)]) expect(existsSync(join(top, path)) ? "" : path).toBe("");
});

test("the test command starts long test files first, then those with a lab", () => {
  const paths = ["test/base/text.test.ts", "test/lab/config.test.ts", longest[0] ?? ""];
  expect(testFiles(top, paths).map(({ path }) => path)).toEqual(paths.toReversed());
});
