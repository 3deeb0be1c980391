// The Bun inside the built bs9, extracted from it.
import { afterAll, expect, test } from "bun:test";
import { copyFileSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { makePlain } from "../../src/runtime/plain.ts";
import { binary, run, tempDir } from "../harness.ts";

const folder = tempDir();
const plain = join(folder, "plain");
afterAll(() => rmSync(folder, { recursive: true }));

test("the Bun that is extracted from bs9 runs as Bun without any variable, and differs from bs9 in one word of the file", async () => {
  copyFileSync(binary(), plain);
  makePlain(plain);
  expect((await run([plain, "--version"])).stdout).toBe(`${Bun.version}\n`);
  const [before, after] = [readFileSync(binary()), readFileSync(plain)];
  expect(after.length).toBe(before.length);
  let changed = 0;
  for (let at = 0; at < before.length; at += 8) if (before.compare(after, at, at + 8, at, at + 8) !== 0) changed += 1;
  expect(changed).toBe(1);
}, 120_000);

test("processes from fork() on the extracted Bun find no variable of bs9 in their environment", async () => {
  const app = join(folder, "app.ts");
  writeFileSync(
    app,
    `import { fork } from "node:child_process";
if (process.argv[2] === "child") { process.send?.(process.argv.slice(2)); process.disconnect?.(); }
else fork(import.meta.path, ["child", "x"]).on("message", (words) => console.log(JSON.stringify(words), Object.keys(process.env).filter((name) => name.startsWith("BUN_")).length));`,
  );
  expect(await run([plain, app])).toEqual({ code: 0, stdout: '["child","x"] 0\n', stderr: "" });
});

test("extracting Bun a second time from the same file is refused and changes nothing, and a program without Bun stays unchanged", async () => {
  expect(() => makePlain(plain)).toThrow("the code of bs9 was not found in it");
  expect((await run([plain, "--version"])).code).toBe(0);
  const shell = join(folder, "sh");
  copyFileSync("/bin/sh", shell);
  makePlain(shell);
  expect(readFileSync(shell).equals(readFileSync("/bin/sh"))).toBe(true);
});
