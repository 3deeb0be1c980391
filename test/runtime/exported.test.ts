// What a configuration file in JavaScript exports, read in a process of its own.
import { afterAll, expect, test } from "bun:test";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { exportedBy } from "../../src/runtime/exported.ts";
import { tempDir } from "../harness.ts";

const folder = tempDir();
afterAll(() => rmSync(folder, { recursive: true }));
const exported = (name: string, text: string): Promise<unknown> => {
  writeFileSync(join(folder, name), text);
  return exportedBy(join(folder, name), folder, process.env);
};

test("a large export is read completely from a configuration file that also prints, keeps a timer and has an unusual path", async () => {
  const text = `console.log("begin"); setInterval(() => {}, 1000); process.on("exit", () => console.log("end"));
module.exports = { apps: [{ script: "x".repeat(300_000) }] };`;
  expect(await exported("a %20#.config.cjs", text)).toEqual({ apps: [{ script: "x".repeat(300_000) }] });
});

test("a configuration file that exports a function, or that fails, is an error with a command line to paste", async () => {
  expect(exported("a b.cjs", "module.exports = () => 1;")).rejects.toMatchObject({
    message: expect.stringContaining("cannot be written as JSON"),
    hint: `node '${join(folder, "a b.cjs")}'`,
  });
  expect(exported("bad.mjs", "throw new Error('no database');")).rejects.toMatchObject({
    message: expect.stringContaining("it exited with 1"),
    details: expect.arrayContaining([expect.stringContaining("no database")]),
  });
});
