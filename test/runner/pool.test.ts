// The pool that runs test files: what it counts and passes on, and how it handles a file that breaks or hangs.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { tempDir } from "../harness.ts";
import type { TestFile } from "./files.ts";
import { type Result, runFiles } from "./pool.ts";

const folder = tempDir();
const head = 'import { expect, test } from "bun:test";\n';
const texts: Record<string, string> = {
  "good.test.ts": `${head}test("a", () => {});\ntest("b", () => {});\ntest.skip("c", () => {});\n`,
  "bad.test.ts": `${head}test("a", () => {});\ntest("b", () => expect("what it got").toBe(2));\n`,
  "broken.test.ts": 'throw new Error("it does not load");\n',
  "hanging.test.ts": "await new Promise(() => setInterval(() => {}, 1000));\n",
  "place.test.ts": `${head}test("a", () => expect([process.env.TMPDIR, process.env.BS9_TEST_PORT]).toEqual([]));\n`,
};

beforeAll(() => {
  mkdirSync(join(folder, "scratch"));
  for (const [name, text] of Object.entries(texts)) writeFileSync(join(folder, name), text);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function resultsOf(paths: string[], jobs: number, fileMs = 60_000): Promise<Result[]> {
  const results: Result[] = [];
  const files = paths.map((path): TestFile => ({ path, need: "unit", isAlone: false, isLong: false }));
  const limits = () => ({ testMs: 30_000, fileMs });
  await runFiles(files, { top: folder, scratch: join(folder, "scratch"), jobs, limits, report: (result) => results.push(result) });
  return results;
}

test("passed, failed and skipped tests are counted, and the message of a failure is kept", async () => {
  const [good] = await resultsOf(["good.test.ts"], 1);
  expect(good?.sums).toEqual({ passed: 2, failed: 0, skipped: 1 });
  const [bad] = await resultsOf(["bad.test.ts"], 1);
  expect(bad?.sums).toEqual({ passed: 1, failed: 1, skipped: 0 });
  expect(bad?.output).toContain("what it got");
});

test("a file that does not load counts as one failure", async () => {
  const [broken] = await resultsOf(["broken.test.ts"], 1);
  expect(broken?.sums.failed).toBe(1);
  expect(broken?.output).toContain("it does not load");
});

test("a file that hangs is killed after its time limit and counts as one failure", async () => {
  const [hanging] = await resultsOf(["hanging.test.ts"], 1, 2000);
  expect(hanging?.sums).toEqual({ passed: 0, failed: 1, skipped: 0 });
  expect(hanging?.output).toContain("ended after 2 s, the limit of a file");
});

test("files that run at the same time get separate temporary directories and ports", async () => {
  const results = await resultsOf(["place.test.ts", "bad.test.ts", "good.test.ts"], 2);
  expect(results).toHaveLength(3);
  const output = results.find(({ path }) => path === "place.test.ts")?.output;
  expect(output).toContain(join(folder, "scratch/place.test.ts"));
  expect(output).toMatch(/"[12]\d{4}"/);
});
